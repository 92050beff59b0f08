"""What a customer types on the page for devices."""

from django import forms
from django.utils.translation import gettext_lazy as _


class UserCode(forms.Form):
    """The code that the device shows."""

    code = forms.CharField(
        label=_("Code"),
        max_length=32,
        help_text=_("Eight letters, as your device shows them. With or without the dash."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )
