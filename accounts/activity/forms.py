"""Answers about one's own activity, and the help desk's about a dispute: shape only."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Dispute, Session
from ciam_portal.core import typed


class Answer(forms.Form):
    """Was this you?"""

    said = forms.ChoiceField(
        label=_("Your answer"),
        choices=[(Session.Said.MINE.value, _("It was me")), (Session.Said.NOT_MINE.value, _("It was not me"))],
    )


class CloseDispute(forms.Form):
    """What the help desk found."""

    outcome = forms.ChoiceField(label=_("What was found"), choices=[("", "—"), *Dispute.Outcome.choices])


class LinkAnswer(forms.Form):
    """The same from the link in a mail, where the account can be locked too."""

    said = forms.ChoiceField(choices=[*Session.Said.choices, ("lock", "lock")])


class Undo(forms.Form):
    """What whoever holds the link wants: take the change back and lock, or only lock."""

    do = forms.ChoiceField(choices=[("undo", "undo"), ("lock", "lock")])


class BrowserName(forms.Form):
    """What a customer calls a browser."""

    name = forms.CharField(
        label=_("Name"),
        max_length=64,
        required=False,
        help_text=_("So that you can tell it from others later."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_name(self) -> str:
        """Printable text in Unicode form NFC."""
        try:
            return typed.name(self.cleaned_data["name"])[:64]
        except typed.NotPlain:
            raise forms.ValidationError(_("Please use letters, digits and ordinary signs.")) from None
