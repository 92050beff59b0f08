"""Shapes of what people say about a child."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.account.forms import Zone
from accounts.customer import zones
from accounts.customer.forms import Address
from ciam_portal.core import typed
from ciam_portal.core.words import country
from consent.family.facts import Wish
from consent.family.shipped import COUNTRIES

_EARLIEST = date(1900, 1, 1)


def _countries() -> Iterator[tuple[str, Any]]:
    yield "", _("Please choose")
    yield from sorted(((code, country(code)) for code in COUNTRIES), key=lambda each: str(each[1]))
    yield _ELSEWHERE, _("Another country")


_ELSEWHERE = "ZZ"


class _Sworn(forms.Form):
    """What somebody says of themselves. Nothing is ticked beforehand."""

    says_responsible = forms.BooleanField(label=_("I am responsible for this child by law."), required=False)
    says_adult = forms.BooleanField(label=_("I am an adult."), required=False)


class Invite(forms.Form):
    """Who shall answer for the child too."""

    email = Address(label=_("Their email address"), autocomplete="off")


class Power(forms.Form):
    """One thing that guardians may do."""

    action = forms.CharField(max_length=64, widget=forms.HiddenInput)


class Decide(forms.Form):
    """What one of our staff says about a removal."""

    do = forms.CharField(max_length=8, widget=forms.HiddenInput)


class Join(_Sworn):
    """Whoever was invited says yes."""


class Add(_Sworn):
    """A child. Nothing is chosen beforehand, and nothing says which answer would help."""

    name = forms.CharField(
        label=_("Name of the child"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    born_on = forms.DateField(
        label=_("Date of birth"), widget=forms.DateInput(attrs={"type": "date", "autocomplete": "off"}),
        input_formats=["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y"], help_text=_("Day, month and year."),
    )  # fmt: skip
    country = forms.ChoiceField(
        label=_("Where the child lives"), choices=_countries,
        help_text=_("It says from which age on the child decides for itself."),
    )  # fmt: skip
    timezone = Zone(label=_("Time zone there"))

    field_order = ("name", "born_on", "country", "timezone", "says_responsible", "says_adult")

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:  # noqa: ANN401  (Django's own)
        super().__init__(*args, **kwargs)
        self.fields["timezone"].choices = zones.choices(zone)  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        """Plain text."""
        try:
            return typed.name(self.cleaned_data["name"])
        except typed.NotPlain as error:
            raise forms.ValidationError(_("This holds a sign that cannot be seen. Please type it again.")) from error

    def clean_born_on(self) -> date:
        """A day that somebody alive was born on."""
        day: date = self.cleaned_data["born_on"]
        if day < _EARLIEST:
            raise forms.ValidationError(_("Please look at the year again."))
        return day

    def clean_country(self) -> str:
        """Of one that is not listed nothing is known."""
        chosen: str = self.cleaned_data["country"]
        return "" if chosen == _ELSEWHERE else chosen

    def wish(self) -> Wish:
        """All of it."""
        return Wish(**self.cleaned_data)
