"""The shape of what a customer says when an agent asks to act for them."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from ciam_portal.core.policy import limits
from ciam_portal.core.words import sentence
from consent.agents import asking
from consent.delegation import policy
from consent.delegation.shapes import Terms

NO, ASK, YES = "no", "ask", "yes"
_ANSWERS = (
    (NO, lazy("No")),
    (ASK, lazy("Yes, but it must ask me each time")),
    (YES, lazy("Yes, without asking")),
)
_MOST_TIMES = 1000
_DAYS = (1, 7, 30, 90, 180, 365)


class Connect(forms.Form):
    """What the agent may do, up to which amount, how often, and until when. Nothing is allowed beforehand.

    ``doing`` has a field for each action that it can be let do at all.
    """

    currency = forms.ChoiceField(label=lazy("Currency"), required=False)
    amount_each = forms.DecimalField(label=lazy("At most, each time"), required=False, max_digits=12, min_value=0)
    amount_month = forms.DecimalField(label=lazy("At most, in a month"), required=False, max_digits=12, min_value=0)
    times_day = forms.IntegerField(
        label=lazy("How often in a day, at most"), required=False, min_value=1, max_value=_MOST_TIMES
    )
    days = forms.TypedChoiceField(label=lazy("For how long"), coerce=int)

    def __init__(
        self,
        data: Any = None,  # noqa: ANN401  (a QueryDict, or nothing)
        *,
        actions: Iterable[str],
        scopes: Iterable[str] = (),
        now: Terms | None = None,
    ) -> None:
        """``scopes``: what the customer ticks beside this; ``now``: what they let it do already."""
        super().__init__(data)
        self._scopes, self._actions = tuple(scopes), tuple(actions)
        rules, now = limits.current(), now or Terms()
        for action in self._actions:
            field = forms.ChoiceField(
                label=asking.does(action), choices=_ANSWERS, initial=_said(action, now), widget=forms.RadioSelect
            )
            self.fields[_field(action)] = field
        self._paid = any(policy.has_amount(action, rules) for action in self._actions)
        if self._paid:
            known = sorted({code for row in rules.actions.values() for code, _amount in row.large})
            self.fields["currency"].choices = [(code, code) for code in known]  # type: ignore[attr-defined]
            self.fields["currency"].initial = now.currency
            for name in ("amount_each", "amount_month"):
                self.fields[name].initial = _major(getattr(now, name), now.currency)
        else:
            for name in ("currency", "amount_each", "amount_month"):
                del self.fields[name]
        self.fields["times_day"].initial = now.times_day
        if not self._actions:
            del self.fields["times_day"]
        longest = rules.delegation.longest_days
        self.fields["days"].choices = [(days, _days(days)) for days in _DAYS if days <= longest]  # type: ignore[attr-defined]
        self.fields["days"].initial = min(rules.delegation.default_days, longest)

    @property
    def doing(self) -> list[forms.BoundField]:
        """A question for each action."""
        return [self[_field(action)] for action in self._actions]

    @property
    def rest(self) -> list[forms.BoundField]:
        """The rest."""
        return [self[name] for name in self.fields if name in self.declared_fields]

    def clean(self) -> dict[str, Any]:
        """What can be let at all."""
        said = super().clean() or {}
        if not self.errors and (wrong := policy.wrong_with(self.terms, limits.current())) is not None:
            raise forms.ValidationError(sentence(wrong))
        return said

    @property
    def terms(self) -> Terms:
        """What they let it do."""
        said = self.cleaned_data
        actions = tuple(action for action in self._actions if said.get(_field(action)) != NO)
        paid = any(policy.has_amount(action, limits.current()) for action in actions)
        amounts = {name: said.get(name) if paid else None for name in ("amount_each", "amount_month")}
        currency = said.get("currency") if any(each is not None for each in amounts.values()) else None
        return Terms(
            actions=actions,
            scopes=self._scopes,
            asks=tuple(action for action in actions if said.get(_field(action)) == ASK),
            currency=currency,
            amount_each=_minor(amounts["amount_each"], currency),
            amount_month=_minor(amounts["amount_month"], currency),
            times_day=said.get("times_day") if actions else None,
        )


def _field(action: str) -> str:
    return f"do:{action}"


def _said(action: str, now: Terms) -> str:
    if action not in now.actions:
        return NO
    return ASK if action in now.asks else YES


def _days(days: int) -> str:
    return _("one day") if days == 1 else _("%(count)d days") % {"count": days}


def _minor(amount: Decimal | None, currency: str | None) -> int | None:
    """Rounded down: never more than was said."""
    return None if amount is None or currency is None else int(amount.scaleb(get_currency_precision(currency)))


def _major(amount: int | None, currency: str | None) -> Decimal | None:
    return None if amount is None or currency is None else Decimal(amount).scaleb(-get_currency_precision(currency))
