"""Shapes of what people send to let somebody act, or to ask for it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.customer.forms import Address
from ciam_portal.core import typed
from ciam_portal.core.policy import limits
from ciam_portal.core.words import Text, sentence
from consent.delegation import lines, policy
from consent.delegation.flows import Wish
from consent.delegation.shapes import Terms
from consent.models import Delegation, DelegationRequest

_DAYS = ((7, _("For a week")), (30, _("For a month")), (90, _("For three months")), (180, _("For half a year")),
         (365, _("For a year")))  # fmt: skip
_STARTS = ((0, _("At once")), (7, _("In a week")), (14, _("In two weeks")), (30, _("In a month")))
_LARGEST = Decimal(10) ** 12
_LONGEST = 140
_DO = "do:"  # before an action, in the name of the field that asks about it


def _doable() -> list[tuple[str, Text]]:
    return lines.doable(limits.current())


def _currencies() -> list[tuple[str, Text]]:
    return [("", _("No amounts")), *lines.currencies(limits.current())]


def _spans() -> list[tuple[int, Any]]:
    return [(days, words) for days, words in _DAYS if days <= limits.current().delegation.longest_days]


def _amount(label: Any, hint: Any = "") -> forms.DecimalField:  # noqa: ANN401  (lazy text)
    attrs = {"inputmode": "decimal", "autocomplete": "off"}
    return forms.DecimalField(
        label=label, help_text=hint, required=False, min_value=Decimal(0), max_value=_LARGEST, decimal_places=4,
        widget=forms.TextInput(attrs=attrs),
    )  # fmt: skip


class Things(forms.Form):
    """What can be done and seen. Where nothing can be done for others (yet), nothing is asked about it."""

    actions = forms.MultipleChoiceField(
        label=_("What can be done"), choices=_doable, required=False, widget=forms.CheckboxSelectMultiple
    )
    scopes = forms.MultipleChoiceField(
        label=_("What can be seen of the owner"), choices=lines.seeable, required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  (Django's)
        super().__init__(*args, **kwargs)
        if not _doable():
            del self.fields["actions"]

    def terms(self) -> Terms:
        """That, without limits."""
        found = self.cleaned_data
        terms = Terms(tuple(sorted(found.get("actions", ()))), tuple(sorted(found["scopes"])))
        return lines.with_scopes(terms) if terms.actions or terms.scopes else terms


class Grant(Things):
    """The same, up to where and until when."""

    apps = forms.MultipleChoiceField(
        label=_("In which of your connected apps"), help_text=_("If you choose none: in every one of them."),
        choices=lines.apps, required=False, widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    amount_each = _amount(_("Most at a time"), _("If they can pay, say the most at a time, in a month, or both."))
    amount_month = _amount(_("Most in a month"))
    currency = forms.ChoiceField(label=_("In which currency"), choices=_currencies, required=False)
    times_day = forms.IntegerField(
        label=_("How often a day"), required=False, min_value=1, max_value=1000,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )  # fmt: skip
    starts = forms.TypedChoiceField(label=_("From when"), choices=_STARTS, coerce=int, required=False, initial=0)
    days = forms.TypedChoiceField(label=_("For how long"), choices=_spans, coerce=int)
    seen = forms.CharField(required=False, max_length=_LONGEST, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,  # noqa: ANN401  (Django's)
        of: UUID | None = None,
        kept: Iterable[UUID] = (),
        **kwargs: Any,  # noqa: ANN401  (as above)
    ) -> None:
        """``of``: whose apps there are to choose from; ``kept``: those that it is for now, connected or not."""
        super().__init__(*args, **kwargs)
        self._kept = tuple(kept)
        known = lines.apps(of, self._kept) if of else []
        if known and "actions" in self.fields:
            self.fields["apps"].choices = known  # type: ignore[attr-defined]  # the field's
        else:
            del self.fields["apps"]

    def terms(self) -> Terms:
        """With limits. An amount without a currency, or the reverse, is left for the policy to refuse."""
        found, plain = self.cleaned_data, super().terms()
        currency = found["currency"]
        each, month = (self._minor(found[name], currency) for name in ("amount_each", "amount_month"))
        if each is None and month is None:
            currency = ""
        partners = tuple(sorted(map(UUID, found["apps"]))) if "apps" in self.fields else self._kept
        return Terms(
            plain.actions, plain.scopes, partners=partners, currency=currency or None, amount_each=each,
            amount_month=month, times_day=found["times_day"],
        )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """No finer than the currency's smallest coin."""
        found = super().clean() or {}
        currency = found.get("currency")
        for name in ("amount_each", "amount_month"):
            amount = found.get(name)
            if amount is not None and currency and lines.major(self._minor(amount, currency), currency) != amount:
                self.add_error(name, _("There is no coin as small as that."))
        return found

    def ends_at(self, starts_at: datetime) -> datetime:
        """Until when."""
        return starts_at + timedelta(days=self.cleaned_data["days"])

    def wish(self, at: datetime, preset: str = "") -> Wish:
        """All of it."""
        starts_at = at + timedelta(days=self.cleaned_data["starts"] or 0)
        reason = self.cleaned_data.get("reason", "")
        return Wish(self.terms(), self.ends_at(starts_at), preset, reason, starts_at)

    @staticmethod
    def _minor(amount: Decimal | None, currency: str) -> int | None:
        return None if amount is None else lines.minor(amount, currency or "EUR")


class OneByOne(Grant):
    """The same with a question for each action, as agents are let act: no, yes, or yes if they ask each time.

    Nothing is allowed beforehand but what is ``now``. ``actions``: all that can be; ``scopes``: chosen beside it;
    ``can_ask``: whether it can ask at all, which public clients cannot (OpenID CIBA section 4).
    """

    NO, ASK, YES = "no", "ask", "yes"
    ANSWERS = ((NO, _("No")), (ASK, _("Yes, but it must ask me each time")), (YES, _("Yes, without asking")))

    def __init__(
        self,
        data: Any = None,  # noqa: ANN401  (a QueryDict, or nothing)
        *,
        actions: Iterable[str],
        scopes: Iterable[str] = (),
        now: Terms | None = None,
        can_ask: bool = True,
    ) -> None:
        now, rules = now or Terms(), limits.current()
        super().__init__(data, initial=first(now), kept=now.partners)
        self._actions, self._scopes = {f"{_DO}{action}": action for action in actions}, tuple(scopes)
        for name in ("actions", "scopes", "starts"):
            self.fields.pop(name, None)
        if not any(policy.has_amount(action, rules) for action in self._actions.values()):
            for name in ("amount_each", "amount_month", "currency"):
                self.fields[name].widget = forms.HiddenInput()
        for name, action in self._actions.items():
            self.fields[name] = self.question(action, can_ask=can_ask)
            said = (self.ASK if action in now.asks else self.YES) if action in now.actions else self.NO
            self.initial[name] = said if can_ask or said != self.ASK else self.NO
        self.order_fields(self._actions)

    @classmethod
    def question(cls, action: str, *, can_ask: bool = True) -> forms.ChoiceField:
        """What is asked about one action."""
        answers = [each for each in cls.ANSWERS if can_ask or each[0] != cls.ASK]
        return forms.ChoiceField(label=str(lines.doing(action)), choices=answers, widget=forms.RadioSelect)

    @classmethod
    def named(cls, name: str) -> forms.Field | None:
        """The same, by the name of its field; nothing for any other name."""
        action = name.removeprefix(_DO) if name.startswith(_DO) else ""
        return cls.question(action) if policy.may_be_delegated(action, limits.current()) else None

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
        self.cleaned_data = super().clean() | {"actions": self._said(self.ASK, self.YES), "scopes": list(self._scopes)}
        if not self.errors and (wrong := policy.wrong_with(self.terms(), limits.current())) is not None:
            raise forms.ValidationError(sentence(wrong))
        return self.cleaned_data

    def terms(self) -> Terms:
        """With what must be asked about each time."""
        return replace(super().terms(), asks=tuple(sorted(self._said(self.ASK))))

    def _said(self, *answers: str) -> list[str]:
        return [action for name, action in self._actions.items() if self.cleaned_data.get(name) in answers]


class _Said(forms.Form):
    """To whom, and why."""

    email = Address(label=_("Their email address"), autocomplete="off")
    reason = forms.CharField(
        label=_("Why"), max_length=_LONGEST, required=False,
        help_text=_("One sentence that they read beside it. It is not in the mail to them."),
    )  # fmt: skip

    def clean_reason(self) -> str:
        """Plain text."""
        try:
            return typed.name(self.cleaned_data["reason"])
        except typed.NotPlain as error:
            raise forms.ValidationError(_("This holds a sign that cannot be seen. Please type it again.")) from error


class Offer(Grant, _Said):
    """Somebody is invited."""

    field_order = (
        "email",
        "actions",
        "scopes",
        "apps",
        "amount_each",
        "amount_month",
        "currency",
        "times_day",
        "days",
        "reason",
    )


class Ask(Things, _Said):
    """Somebody is asked."""

    field_order = ("email", "actions", "scopes", "reason")

    def wish(self, at: datetime, preset: str = "") -> Wish:
        """What is asked for. Limits and an end are the owner's to set."""
        return Wish(self.terms(), at, preset, self.cleaned_data["reason"])


def first(terms: Terms) -> dict[str, Any]:
    """What a form shows before anybody has chosen."""
    rules = limits.current()
    pays = any(policy.has_amount(name, rules) for name in terms.actions)
    return {
        "actions": list(terms.actions),
        "scopes": [name for name in terms.scopes if name != "openid"],
        "apps": [str(key) for key in terms.partners],
        "currency": terms.currency or ("" if not pays else lines.currencies(rules)[0][0]),
        "amount_each": lines.major(terms.amount_each, terms.currency or ""),
        "amount_month": lines.major(terms.amount_month, terms.currency or ""),
        "times_day": terms.times_day,
        "days": rules.delegation.default_days,
    }


def of(row: Delegation | DelegationRequest) -> dict[str, Any]:
    """The same, of what is there."""
    if isinstance(row, Delegation):
        return first(row.terms)
    return first(Terms(tuple(row.actions), tuple(row.scopes)))
