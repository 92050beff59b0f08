"""The address of a new account that is signed in to elsewhere: shape only."""

from typing import Any

from django import forms

from accounts.customer import zones
from accounts.customer.forms import Address


class SignUp(forms.Form):
    """An address, as the other service said it or another one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.fields["email"] = Address(autocomplete="email")
        zone = forms.HiddenInput(attrs={"data-zone": "", "id": None})
        self.fields["zone"] = forms.CharField(required=False, max_length=64, widget=zone)  # filled in by the browser
        self.fields["begun"] = forms.CharField(required=False, widget=forms.HiddenInput(attrs={"id": None}))

    def clean_zone(self) -> str:
        """What the browser says, if there is such a time zone."""
        zone = str(self.cleaned_data["zone"])
        return zone if zones.is_known(zone) else ""
