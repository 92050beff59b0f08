"""The shape of what customers send about a purpose."""

from collections.abc import Iterable
from typing import Any

from django import forms

from consent.records.policy import Says


class Answer(forms.Form):
    """Yes or no, to the text that ``read`` names; and of what could be refused alone, what was not."""

    says = forms.ChoiceField(choices=[(each.value, each.value) for each in Says], widget=forms.HiddenInput)
    read = forms.CharField(required=False, max_length=8192, widget=forms.HiddenInput)
    with_ = forms.MultipleChoiceField(required=False, widget=forms.MultipleHiddenInput)

    def __init__(self, *args: Any, optional: Iterable[str], **kwargs: Any) -> None:  # noqa: ANN401  (Django's own)
        super().__init__(*args, **kwargs)
        self.fields["with_"].choices = [(code, code) for code in optional]  # type: ignore[attr-defined]
