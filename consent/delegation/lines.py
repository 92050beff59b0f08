"""What a delegation lets somebody do, in words that people read: presets, single things, limits, last acts."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from babel.numbers import get_currency_precision
from django.db.models import Q
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from accounts.models import User
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.policy.catalogue import Action, Preset
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.themes import Joined
from ciam_portal.core.words import Text, money, why_not
from ciam_portal.oauth.models import Partner
from consent.delegation import policy
from consent.delegation.shapes import LIVE, Asked, State, Terms
from consent.models import Consent, Delegation, DelegationRequest

ASKED = Joined[Callable[[User, datetime], Mapping[str, list[dict[str, Any]]]]]()
"""What agents asked their owner lately, and what was said: ``(owner, at)``, lines by delegation."""

_LAST = 60  # answers to delegates that are looked at for the page
_LAST_OF_ONE = 3


@dataclass(frozen=True, slots=True)
class Known:
    """A preset: what it is called, for whom it is, and what of the owner's data it lets somebody see."""

    title: Text
    words: Text
    scopes: tuple[str, ...]


PRESETS: Mapping[Preset, Known] = {
    Preset.VIEW_ONLY: Known(
        lazy("View only"),
        lazy("Somebody who shall see how things stand, and change nothing."),
        ("email", "openid", "phone", "profile"),
    ),
    Preset.PAY_BILLS: Known(
        lazy("Pay bills"),
        lazy("Somebody who pays what you owe, up to amounts that you set."),
        ("openid", "profile"),
    ),
    Preset.MANAGE_APPOINTMENTS: Known(
        lazy("Manage appointments"),
        lazy("Somebody who makes, moves and cancels appointments for you."),
        ("openid", "phone", "profile"),
    ),
    Preset.DAILY_BUSINESS: Known(
        lazy("Full daily business"),
        lazy("Somebody who looks after your ordinary affairs. Your account itself stays yours alone."),
        ("email", "openid", "phone", "profile"),
    ),
}
_DOES: Mapping[str, Text] = {
    Action.SEE_PROFILE: lazy("See the profile, here in the portal"),
    "partner.payment": lazy("Pay, in connected apps"),
    "partner.large_payment": lazy("Pay large amounts, in connected apps"),
    "partner.appointment": lazy("Make, move and cancel appointments, in connected apps"),
}
_SEES: Mapping[str, Text] = {
    "profile": lazy("Name, language and time zone"),
    "email": lazy("Email address"),
    "phone": lazy("Phone number"),
}
NEVER = (
    lazy("Your password, sign-in methods and backup codes"),
    lazy("Your email addresses and phone numbers, and how you get back in"),
    lazy("Locking, unlocking or deleting your account, and copies of your data"),
    lazy("Connecting further apps, and letting anybody else act for you"),
)
_BADGES: Mapping[str, tuple[Text, str]] = {
    State.OFFERED: (lazy("Waits for an answer"), "accent"),
    State.ACTIVE: (lazy("Can act"), "good"),
    State.PAUSED: (lazy("Paused by its owner"), "warn"),
    State.ENDED: (lazy("Ended"), ""),
}
_ASKED: Mapping[str, tuple[Text, str]] = {
    Asked.OPEN: (lazy("Waits for an answer"), "accent"),
    Asked.GRANTED: (lazy("Granted"), "good"),
    Asked.REFUSED: (lazy("Refused"), "bad"),
    Asked.WITHDRAWN: (lazy("Taken back"), ""),
    Asked.EXPIRED: (lazy("Not answered"), ""),
}


def terms_of(preset: Preset, rules: Limits) -> Terms:
    """What a preset begins with: what the rows of this installation's catalogue say of themselves, and no more."""
    named = [name for name, row in rules.actions.items() if preset in row.presets]
    actions = [name for name in (Action.SEE_PROFILE.value, *named) if policy.may_be_delegated(name, rules)]
    return Terms(tuple(sorted(actions)), PRESETS[preset].scopes)


def doing(action: str) -> Text:
    """What is done by it. An action of an app's own that has no words here is called as its row is."""
    name = action.partition(".")[2].replace("_", " ")
    return _DOES.get(action) or format_lazy(lazy("“{name}”, in connected apps"), name=name)


def doable(rules: Limits) -> list[tuple[str, Text]]:
    """All that can be chosen, with its words."""
    names = [*_DOES, *sorted(rules.actions.keys() - _DOES.keys())]
    return [(name, doing(name)) for name in names if policy.may_be_delegated(name, rules)]


def seeable() -> list[tuple[str, Text]]:
    """The same of data."""
    return list(_SEES.items())


def apps(owner: UUID | None = None, kept: Iterable[UUID] = ()) -> list[tuple[str, str]]:
    """In which apps people can act for others; of an owner's, in those that are connected now, and those ``kept``."""
    known = Q(is_enabled=True, delegates=True)
    if owner is not None:
        known = known & Q(pk__in=Consent.objects.of(owner).live().values("partner")) | Q(pk__in=list(kept))
    rows = Partner.objects.filter(known).order_by("name", "pk").values_list("pk", "name")
    return [(str(key), name) for key, name in rows]


def currencies(rules: Limits) -> list[tuple[str, Text]]:
    """In which amounts can be given: those of which the catalogue says from where on they are large."""
    known = {currency for row in rules.actions.values() for currency, _least in row.large}
    return [(each, each) for each in sorted(known)]


def minor(amount: Decimal, currency: str) -> int:
    """An amount in minor units."""
    return int(amount.scaleb(get_currency_precision(currency)))


def major(amount: int | None, currency: str) -> Decimal | None:
    """The same, as people write it."""
    if amount is None or not currency:
        return None
    digits = get_currency_precision(currency)
    return Decimal(amount).scaleb(-digits).quantize(Decimal(1).scaleb(-digits))


def said(amount: int, currency: str) -> str:
    """The same, with its currency."""
    return money(major(amount, currency) or Decimal(0), currency)


def does(what: Delegation | DelegationRequest | Terms) -> list[str]:
    """What may be done, a line for each thing."""
    asks = getattr(what, "asks", ())
    first = _("%(thing)s (asked about each time)")
    return [first % {"thing": doing(name)} if name in asks else str(doing(name)) for name in what.actions]


def sees(what: Delegation | DelegationRequest | Terms) -> str:
    """What may be seen, in one line."""
    return ", ".join(str(words) for name, words in _SEES.items() if name in what.scopes)


def limited(row: Delegation, today: date) -> list[str]:
    """Up to where, and how much of it is used up."""
    lines = []
    if row.partners:
        named = Partner.objects.filter(pk__in=row.partners).order_by("name").values_list("name", flat=True)
        lines.append(_("Only in: %(apps)s") % {"apps": ", ".join(named) or _("apps that are no longer there")})
    if row.amount_each is not None:
        lines.append(_("At most %(most)s at a time") % {"most": said(row.amount_each, row.currency)})
    if row.amount_month is not None:
        words = {"most": said(row.amount_month, row.currency), "spent": said(row.spent_on(today), row.currency)}
        lines.append(_("At most %(most)s in a month; %(spent)s so far in this one") % words)
    if row.times_day is not None:
        times = {"most": row.times_day, "done": row.done_by(today)}
        text = ngettext(
            "At most %(most)d time a day; %(done)d today", "At most %(most)d times a day; %(done)d today", row.times_day
        )
        lines.append(text % times)
    return lines


def listed(row: Delegation, reader: User, acts: Mapping[str, list[dict[str, Any]]], at: datetime) -> dict[str, Any]:
    """One delegation, as either side reads it."""
    is_over = row.state in LIVE and at >= row.ends_at
    badge, kind = _BADGES[State.ENDED if is_over else State(row.state)]
    if row.state == State.ACTIVE and at < row.starts_at:
        badge, kind = lazy("Begins later"), "accent"
    return {
        "row": row,
        "who": _who(row, reader),
        "is_agent": row.agent_id is not None,
        "badge": badge,
        "badge_kind": kind,
        "does": does(row),
        "sees": sees(row),
        "limits": limited(row, at.astimezone(row.owner.zone).date()),
        "since": reader.local(max(row.starts_at, row.accepted_at or row.starts_at)),
        "until": reader.local(row.ends_at),
        "answer_until": reader.local(row.expires_at) if row.expires_at else "",
        "ended": reader.local(row.ended_at) if row.ended_at else "",
        "why": row.get_end_reason_display() if row.end_reason else "",
        "acts": acts.get(str(row.pk), [])[:_LAST_OF_ONE],
    }


def asked(request: DelegationRequest, reader: User) -> dict[str, Any]:
    """One request, as either side reads it."""
    badge, kind = _ASKED[Asked(request.state)]
    return {
        "request": request,
        "badge": badge,
        "badge_kind": kind,
        "does": does(request),
        "sees": sees(request),
        "until": reader.local(request.expires_at) if request.expires_at else "",
        "made": reader.local(request.made_at),
    }


def last_acts(owner: User, reader: User) -> dict[str, list[dict[str, Any]]]:
    """What delegates of this owner wanted to do lately, and what became of it, by delegation. One statement."""
    rows = DecisionEntry.objects.filter(about=owner.pk, question="delegation.may_act").order_by("-at", "-pk")[:_LAST]
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        wanted = row.inputs[0]
        if wanted.get("action"):
            done = row.answer == "allow"
            amount = said(wanted["amount"], wanted["currency"]) if wanted["amount"] and wanted["currency"] else ""
            line = {
                "what": doing(wanted["action"]),
                "amount": amount,
                "when": reader.local(row.at),
                "done": done,
                "why": "" if done else why_not(row.reason),
            }
            found.setdefault(str(wanted["delegation"]), []).append(line)
    return found


def last_asked(owner: User, at: datetime) -> dict[str, list[dict[str, Any]]]:
    """What agents asked lately, by delegation."""
    return {key: lines for part in ASKED for key, lines in part(owner, at).items()}


def _who(row: Delegation, reader: User) -> tuple[str, str]:
    """The other side: the name they gave themselves, and the address by which one knows it is them."""
    if row.agent is not None and reader.pk == row.owner_id:
        return str(row.agent.name), ""
    other = row.delegate if reader.pk == row.owner_id else row.owner
    return ("", row.shown) if other is None else (other.name, "" if other.is_nobodys else other.called)


def with_scopes(terms: Terms) -> Terms:
    """The same; who somebody is at all is part of whatever is seen or done."""
    return replace(terms, scopes=tuple(sorted({*terms.scopes, "openid"})))
