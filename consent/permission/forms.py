"""The shape of what customers send about connected apps."""

from collections.abc import Iterable
from typing import Any

from django import forms

from ciam_portal.oauth.scopes import Scope


class Narrow(forms.Form):
    """What an app may go on seeing, out of what it sees now."""

    keep = forms.MultipleChoiceField(required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, scopes: Iterable[Scope], **kwargs: Any) -> None:  # noqa: ANN401  (Django's own)
        super().__init__(*args, **kwargs)
        field = self.fields["keep"]
        field.choices = [(scope.name, scope.title) for scope in scopes]  # type: ignore[attr-defined]
