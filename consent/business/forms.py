"""Shapes of what people send about businesses."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.customer.forms import Address
from ciam_portal.core import typed
from ciam_portal.core.policy import limits
from ciam_portal.core.words import Text, sentence
from consent.business.lines import SEEN
from consent.business.models import BusinessRole
from consent.business.shapes import Verdict
from consent.delegation import forms as delegation
from consent.delegation.policy import wrong_with
from consent.delegation.shapes import Terms


def _plain(text: str) -> str:
    try:
        found = typed.name(text)
    except typed.NotPlain as error:
        raise forms.ValidationError(_("This holds a sign that cannot be seen. Please type it again.")) from error
    if not found:
        raise forms.ValidationError(_("Please write a name."))
    return found


class Name(forms.Form):
    """What a business is called."""

    name = forms.CharField(
        label=_("Name of the business"), max_length=120,
        help_text=_("As customers know it. Everybody who belongs to it reads this name."),
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )  # fmt: skip

    def clean_name(self) -> str:
        """Plain text."""
        return _plain(self.cleaned_data["name"])


class RoleOf(forms.Form):
    """Which role somebody gets."""

    role = forms.ChoiceField(label=_("What they may do"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, roles: list[tuple[str, Text]], **kwargs: Any) -> None:  # noqa: ANN401  (Django's own)
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = roles  # type: ignore[attr-defined]


class Invite(RoleOf):
    """Whom, and in which role."""

    email = Address(label=_("Their email address"), autocomplete="off")
    field_order = ("email", "role")


class Role(delegation.Grant):
    """A role of its own: a name, and what it allows, up to where."""

    name = forms.CharField(label=_("What the role is called"), max_length=60)
    field_order = ("name", "actions", "amount_each", "amount_month", "currency", "times_day")

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  (Django's own)
        super().__init__(*args, **kwargs)
        for name in ("scopes", "starts", "days"):
            del self.fields[name]

    def clean_name(self) -> str:
        """Plain text."""
        return _plain(self.cleaned_data["name"])

    def clean(self) -> dict[str, Any]:
        """What can be let at all."""
        self.cleaned_data = super().clean() | {"scopes": list(SEEN)}
        if not self.errors:
            wrong = wrong_with(self.terms(), limits.current())
            if wrong is not None or not self.cleaned_data["actions"]:
                raise forms.ValidationError(sentence(wrong) if wrong else _("Please choose at least one thing."))
        return self.cleaned_data


class Propose(forms.Form):
    """What the help desk proposes."""

    verdict = forms.ChoiceField(
        label=_("What shall become of it"), choices=lambda: [(each.value, _(each.words)) for each in Verdict]
    )


class Settle(forms.Form):
    """As the second person read it, or nothing: it goes back."""

    verdict = forms.CharField(required=False, max_length=6, widget=forms.HiddenInput)

    def clean_verdict(self) -> Verdict | None:
        """What they read."""
        said = self.cleaned_data["verdict"]
        if said and said not in set(Verdict):
            raise forms.ValidationError(_("Please look at the page again."))
        return Verdict(said) if said else None


def of_role(row: BusinessRole | None) -> dict[str, Any]:
    """What the form of a role shows before anybody has chosen."""
    return delegation.first(row.terms if row is not None else Terms()) | {"name": row.name if row is not None else ""}


class Nothing(forms.Form):
    """A button."""
