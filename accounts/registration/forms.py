"""What staff find about a held sign-up, and what its applicant says to that: shape only."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import HeldSignUp
from ciam_portal.core import typed


class Review(forms.Form):
    """What was found. It decides."""

    found = forms.ChoiceField(label=_("What was found"), choices=[("", "—"), *HeldSignUp.Found.choices])


class Appeal(forms.Form):
    """In the applicant's own words."""

    said = forms.CharField(
        label=_("What should we know?"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("For example what you want the account for, or that you share a computer. No passwords."),
    )

    def clean_said(self) -> str:
        """Printable text in Unicode form NFC."""
        try:
            return typed.name(" ".join(str(self.cleaned_data["said"]).split()))
        except typed.NotPlain:
            raise forms.ValidationError(_("Please use letters, digits and ordinary signs.")) from None
