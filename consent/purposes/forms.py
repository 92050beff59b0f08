"""What staff write of a purpose, and what they do with a version: shape only."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from ciam_portal.core import typed
from ciam_portal.core.categories import CATEGORIES
from ciam_portal.core.policy.reason import Worded
from ciam_portal.core.words import choices, sentence
from consent.purposes import policy
from consent.purposes.flows import Said
from consent.purposes.models import LANGUAGE, PurposeVersion
from consent.purposes.policy import Access, Basis, Recipient, Sensitivity, Terms

_TITLE, _WORDS, _DAYS = 60, 400, 36_500
_CATEGORIES = [(each.code, each.title) for each in CATEGORIES.values()]
DOES = {
    "propose": _("Propose it to a second person"),
    "approve": _("Approve it"),
    "reject": _("Send it back"),
    "activate": _("Let it hold from now on"),
    "retire": _("Retire it"),
}


def _coded(kind: Iterable[Worded]) -> list[tuple[str, Promise]]:
    return [(code, format_lazy("{code}: {words}", code=code, words=words)) for code, words in choices(kind)]


def _plain(text: str) -> None:
    try:
        typed.name(text)
    except typed.NotPlain:
        raise ValidationError(_("Letters, digits and signs only.")) from None


class Draft(forms.Form):
    """What a version shall say. Each language beside English is complete or empty."""

    key = forms.CharField(
        label=_("Key, as code names it"),
        max_length=32,
        validators=[RegexValidator("^[a-z][a-z0-9_]*$", _("Small letters, digits and _ only."))],
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    basis = forms.ChoiceField(label=_("Rests on"), choices=_coded(Basis))
    access = forms.ChoiceField(label=_("What is done with the data"), choices=_coded(Access))
    categories = forms.MultipleChoiceField(
        label=_("Data that is used"), choices=_CATEGORIES, widget=forms.CheckboxSelectMultiple, required=False
    )
    optional = forms.MultipleChoiceField(
        label=_("Of that, what can be refused alone"),
        choices=_CATEGORIES,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    recipients = forms.MultipleChoiceField(
        label=_("Who gets it"), choices=_coded(Recipient), widget=forms.CheckboxSelectMultiple, required=False
    )
    retention_days = forms.IntegerField(
        label=_("Kept for so many days (empty: as long as the account)"), min_value=1, max_value=_DAYS, required=False
    )
    valid_for_days = forms.IntegerField(
        label=_("What people allow ends after so many days"), min_value=1, max_value=_DAYS, required=False
    )
    sensitivity = forms.ChoiceField(label=_("Sensitivity"), choices=_coded(Sensitivity))
    is_material = forms.BooleanField(
        label=_("Ask everybody again. Without this, only what changes the terms asks again."), required=False
    )
    shown = forms.CharField(max_length=128, required=False, widget=forms.HiddenInput)

    def __init__(
        self, data: QueryDict | None, begins: dict[str, Any], *, languages: Sequence[str], known: str = ""
    ) -> None:
        super().__init__(data, initial=begins)
        self._languages, self._known = languages, known
        if known:
            del self.fields["key"]
        for each in languages:
            needed = each == LANGUAGE
            named = {"language": each}
            self.fields[f"title_{each}"] = forms.CharField(
                label=format_lazy(_("Title ({language})"), **named), max_length=_TITLE, required=needed,
                validators=[_plain], widget=forms.TextInput(attrs={"size": 40}),
            )  # fmt: skip
            self.fields[f"words_{each}"] = forms.CharField(
                label=format_lazy(_("What it is for, in one or two plain sentences ({language})"), **named),
                max_length=_WORDS, required=needed, validators=[_plain],
                widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
            )  # fmt: skip

        self.order_fields(["key", *(f"{part}_{each}" for each in languages for part in ("title", "words"))])

    @classmethod
    def of(cls, version: PurposeVersion) -> dict[str, Any]:
        """What the form begins with, to write on, or to write another version."""
        begins: dict[str, Any] = {
            "basis": version.basis, "access": version.access, "categories": version.categories,
            "optional": version.optional, "recipients": version.recipients, "sensitivity": version.sensitivity,
            "retention_days": version.retention_days, "valid_for_days": version.valid_for_days,
        }  # fmt: skip
        for language, said in version.texts.items():
            begins |= {f"{part}_{language}": said[part] for part in ("title", "words")}
        return begins

    def clean(self) -> dict[str, Any]:
        """The terms fit together, and no language is begun and left."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        for each in self._languages:
            if each != LANGUAGE and bool(found.get(f"title_{each}")) != bool(found.get(f"words_{each}")):
                self.add_error(f"words_{each}", _("Title and words, or neither."))
        for wrong in () if self.errors else policy.wrong(self._terms(), CATEGORIES):
            self.add_error(None, sentence(wrong))
        return found

    def _terms(self) -> Terms:
        found = self.cleaned_data
        return Terms(
            basis=found.get("basis", ""),
            access=found.get("access", ""),
            categories=tuple(found.get("categories", ())),
            optional=tuple(found.get("optional", ())),
            recipients=tuple(found.get("recipients", ())),
            retention_days=found.get("retention_days"),
            valid_for_days=found.get("valid_for_days"),
            sensitivity=found.get("sensitivity", ""),
        )

    @property
    def purpose(self) -> str:
        """Of which one, by its key."""
        return self._known or str(self.cleaned_data["key"])

    def said(self) -> Said:
        """What was written."""
        found = self.cleaned_data
        texts = {
            each: {part: typed.name(found[f"{part}_{each}"]) for part in ("title", "words")}
            for each in self._languages
            if found[f"title_{each}"]
        }
        return Said(self._terms(), texts, found["is_material"])


class Decide(forms.Form):
    """What to do with the version that was shown."""

    do = forms.ChoiceField(label=_("What"), choices=list(DOES.items()))
    shown = forms.CharField(max_length=128, widget=forms.HiddenInput)
