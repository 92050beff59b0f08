"""What a customer types to add a factor or to prove something: shape only."""

import re

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.factors import verifier
from ciam_portal.core import typed

_LONGEST_MESSAGE = 60_000
_DIGITS = {"autocomplete": "one-time-code", "inputmode": "numeric", "autocapitalize": "none", "spellcheck": "false"}


def digits(text: str, length: int) -> str:
    """Exactly so many digits, however they were typed."""
    plain = typed.code(text)
    if not re.fullmatch(rf"[0-9]{{{length}}}", plain, re.ASCII):
        raise forms.ValidationError(_("Please type the %(length)s digits of the code."), params={"length": length})
    return plain


class AppCode(forms.Form):
    """Six digits from an authenticator app."""

    code = forms.CharField(
        label=_("Code from your app"),
        max_length=20,
        help_text=_("Six digits. A new code appears every 30 seconds."),
        widget=forms.TextInput(attrs=_DIGITS),
    )

    def clean_code(self) -> str:
        """ASCII digits only."""
        return digits(self.cleaned_data["code"], 6)


class MailCode(forms.Form):
    """Eight digits from a mail."""

    code = forms.CharField(
        label=_("Code from the mail"),
        max_length=20,
        help_text=_("Eight digits."),
        widget=forms.TextInput(attrs=_DIGITS),
    )

    def clean_code(self) -> str:
        """ASCII digits only."""
        return digits(self.cleaned_data["code"], 8)


class BackupCode(forms.Form):
    """One code from the sheet."""

    code = forms.CharField(
        label=_("Backup code"),
        max_length=60,
        help_text=_("Sixteen letters and digits. Capitals and dashes do not matter."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )

    def clean_code(self) -> str:
        """One that could exist."""
        plain = verifier.plain_backup_code(self.cleaned_data["code"])
        if not plain:
            raise forms.ValidationError(_("A backup code has sixteen letters and digits, such as ABCD-EFGH-JKLM-NPQR."))
        return plain


class Password(forms.Form):
    """The password once more."""

    password = forms.CharField(
        label=_("Your password"),
        strip=False,
        max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class PasskeyName(forms.Form):
    """What a customer calls a passkey."""

    name = forms.CharField(
        label=_("Name"),
        max_length=64,
        help_text=_("So that you can tell it from others later."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_name(self) -> str:
        """Printable text in Unicode form NFC."""
        try:
            name = typed.name(self.cleaned_data["name"])
        except typed.NotPlain:
            name = ""
        if not name or len(name) > 64:  # noqa: PLR2004  (the column)
            raise forms.ValidationError(_("Please use letters, digits and ordinary signs."))
        return name


class PasskeyMessage(forms.Form):
    """What the browser sends when a passkey was made or shown. Written by static/passkeys.js."""

    ceremony = forms.CharField(max_length=64, widget=forms.HiddenInput)
    credential = forms.CharField(max_length=_LONGEST_MESSAGE, widget=forms.HiddenInput)
