"""The shape of what a customer says when an agent asks to act for them."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as lazy

from ciam_portal.core.policy import limits
from ciam_portal.core.words import sentence
from consent.delegation import lines, policy
from consent.delegation.forms import Grant, first
from consent.delegation.shapes import Terms

NO, ASK, YES = "no", "ask", "yes"
_ANSWERS = (
    (NO, lazy("No")),
    (ASK, lazy("Yes, but it must ask me each time")),
    (YES, lazy("Yes, without asking")),
)
_PAID = ("amount_each", "amount_month", "currency")


class Connect(Grant):
    """What the agent may do, up to which amount, how often, and until when. Nothing is allowed beforehand.

    There is a question for each action that it can be let do at all. ``scopes``: what the customer ticks beside this;
    ``now``: what they let it do already.
    """

    def __init__(
        self,
        data: Any = None,  # noqa: ANN401  (a QueryDict, or nothing)
        *,
        actions: Iterable[str],
        scopes: Iterable[str] = (),
        now: Terms | None = None,
    ) -> None:
        now, rules = now or Terms(), limits.current()
        super().__init__(data, initial=first(now))
        self._actions, self._scopes = {f"do:{action}": action for action in actions}, tuple(scopes)
        del self.fields["actions"], self.fields["scopes"]
        if not any(policy.has_amount(action, rules) for action in self._actions.values()):
            for name in _PAID:
                self.fields[name].widget = forms.HiddenInput()
        for name, action in self._actions.items():
            field = forms.ChoiceField(label=lines.doing(action), choices=_ANSWERS, widget=forms.RadioSelect)
            self.fields[name] = field
            self.initial[name] = (ASK if action in now.asks else YES) if action in now.actions else NO

    @property
    def doing(self) -> list[forms.BoundField]:
        """The questions."""
        return [self[name] for name in self._actions]

    @property
    def rest(self) -> list[forms.BoundField]:
        """How far, and how long."""
        return [field for field in self.visible_fields() if field.name not in self._actions]

    def clean(self) -> dict[str, Any]:
        """What can be let at all."""
        found = super().clean()
        found |= {"actions": self._said(ASK, YES), "scopes": list(self._scopes)}
        self.cleaned_data = found
        if not self.errors and (wrong := policy.wrong_with(self.terms(), limits.current())) is not None:
            raise forms.ValidationError(sentence(wrong))
        return found

    def terms(self) -> Terms:
        """What they let it do, and what of that it must ask about each time."""
        return replace(super().terms(), asks=tuple(sorted(self._said(ASK))))

    def _said(self, *answers: str) -> list[str]:
        return [action for name, action in self._actions.items() if self.cleaned_data.get(name) in answers]
