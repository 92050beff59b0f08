"""What someone types who cannot sign in: shape only."""

from django import forms
from django.utils.translation import gettext_lazy as _


class Forgotten(forms.Form):
    """The address of the account."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
