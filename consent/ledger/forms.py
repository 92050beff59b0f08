"""What a customer chooses to see of the ledger."""

from collections.abc import Iterable, Mapping

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _


class Narrow(forms.Form):
    """Whom, for what, and which month is opened; whatever is not there is not asked for."""

    who = forms.ChoiceField(label=_("Who"), required=False)
    purpose = forms.ChoiceField(label=_("For what"), required=False)
    month = forms.ChoiceField(label=_("Month"), required=False)

    def __init__(self, data: QueryDict, **choices: Iterable[tuple[str, str]]) -> None:
        super().__init__(data)
        for name, there in choices.items():
            self.fields[name].choices = there  # type: ignore[attr-defined]  # all are choices

    def said(self) -> Mapping[str, str]:
        """What can be read of it."""
        self.is_valid()
        return {name: self.cleaned_data.get(name, "") for name in self.fields}
