"""What the first agent notes of a document, and what staff find: shape only."""

from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.customer.forms import Address
from accounts.proofing.shapes import PAPERS, Document, Found, Pathway, Shown, Strength, Why
from ciam_portal.core import typed
from ciam_portal.core.words import choices

_WHY = (Why.NOT_CONVINCED, Why.NOT_THE_PERSON, Why.FORGED, Why.EXPIRED_DOCUMENT)
_ATTENDED = (Pathway.ONSITE, Pathway.REMOTE_ATTENDED)


class _Plain(forms.CharField):
    """Printable text in Unicode form NFC."""

    def clean(self, value: Any) -> str:  # noqa: ANN401  (Django's signature)
        """The one form. Raises ValidationError."""
        try:
            return typed.name(super().clean(value))
        except typed.NotPlain:
            raise forms.ValidationError(_("Please use letters, digits and ordinary signs.")) from None


class _Day(forms.DateField):
    """A day."""

    widget = forms.DateInput(attrs={"type": "date", "autocomplete": "off"})


class Note(forms.Form):
    """What the document says. Of its number only a keyed digest stays."""

    pathway = forms.ChoiceField(label=_("How you see the person"), choices=lambda: choices(_ATTENDED))
    document = forms.ChoiceField(label=_("Document"), choices=lambda: choices(PAPERS))
    issuer = forms.RegexField(
        label=_("Issued by (country, two letters)"), regex=r"^[A-Za-z]{2}$", strip=True, max_length=2
    )
    number = _Plain(label=_("Number"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    name = _Plain(label=_("Full name, as the document has it"), max_length=120)
    birth_date = _Day(label=_("Date of birth"))
    expires_on = _Day(label=_("Valid until"))
    alike = forms.BooleanField(label=_("The face is that of the document, and its security features are there"))

    def shown(self) -> Shown:
        """What was seen."""
        said = self.cleaned_data
        return Shown(
            name=said["name"],
            birth_date=said["birth_date"],
            document=Document(said["document"]),
            issuer=said["issuer"].upper(),
            number=said["number"],
            strength=Strength.STRONG,
            pathway=Pathway(said["pathway"]),
            expires_at=datetime.combine(said["expires_on"], time.max, UTC),
        )


class Decide(forms.Form):
    """What the second agent decides."""

    do = forms.ChoiceField(label=_("What you decide"), choices=[("pass", _("Confirm")), ("fail", _("Do not confirm"))])
    why = forms.ChoiceField(label=_("Why not"), required=False, choices=lambda: [("", "—"), *choices(_WHY)])

    def clean(self) -> dict[str, Any] | None:
        """A no has a reason."""
        said = super().clean()
        if self.cleaned_data.get("do") == "fail" and not self.cleaned_data.get("why"):
            self.add_error("why", _("Please say why not."))
        return said


class Find(forms.Form):
    """What is the case with two accounts that look like one person's."""

    found = forms.ChoiceField(label=_("What you found"), choices=lambda: [("", "—"), *choices(Found)])


class Train(forms.Form):
    """Who was trained."""

    email = Address(label=_("Email address of the person"), autocomplete="off")
