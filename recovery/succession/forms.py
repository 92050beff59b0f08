"""Shapes of what people, and staff, send about successors."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.customer.forms import Address
from ciam_portal.core.words import choices
from recovery.succession.policy import WhyRejected
from recovery.succession.shapes import How, Kind, May, Seen

MAY = (
    (May.DETAILS.value, _("See the details of your account")),
    (May.BILLS.value, _("Pay bills, 500.00 at a time and 2,000.00 in a month at most")),
)


class Name(forms.Form):
    """Whom, and for what."""

    email = Address(label=_("Their email address"), autocomplete="off")
    may = forms.MultipleChoiceField(
        label=_("What they may do then"), choices=MAY, widget=forms.CheckboxSelectMultiple, required=False
    )

    def things(self) -> tuple[May, ...]:
        """What was ticked."""
        return tuple(May(each) for each in self.cleaned_data["may"])


class Open(forms.Form):
    """What has happened."""

    kind = forms.ChoiceField(label=_("What has happened"), choices=lambda: choices(Kind), widget=forms.RadioSelect)


class Note(forms.Form):
    """What was seen, and how."""

    seen = forms.ChoiceField(label=_("What you have seen"), choices=lambda: choices(Seen))
    how = forms.ChoiceField(label=_("How"), choices=lambda: choices(How))


class Reject(forms.Form):
    """Why not."""

    reason = forms.ChoiceField(label=_("Why"), choices=lambda: choices(WhyRejected))
