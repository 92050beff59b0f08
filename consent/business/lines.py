"""Roles and what members may do, in words that people read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as lazy

from accounts.models import User
from ciam_portal.core import timeline
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.policy.catalogue import Preset
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.words import Text
from consent.business.models import Business, BusinessMember, BusinessRole
from consent.business.shapes import Stands
from consent.delegation import lines as delegations
from consent.delegation.policy import has_amount
from consent.delegation.shapes import LIVE, State, Terms

SEEN = ("openid", "profile")
"""What members can see of a business: it has a name, no mailbox and no number."""
_LATELY = 20


class Shipped(StrEnum):
    """Roles that every business has."""

    LOOKS_ON = "looks_on"
    OFFICE = "office"
    BOOKS = "books"
    DAILY = "daily"


@dataclass(frozen=True, slots=True)
class _Role:
    title: Text
    does: Text
    preset: Preset
    each: int = 0
    month: int = 0
    times: int | None = None


_ROLES: Mapping[Shipped, _Role] = {
    Shipped.LOOKS_ON: _Role(
        lazy("Looks on"), lazy("Sees how things stand, and changes nothing."), Preset.VIEW_ONLY
    ),
    Shipped.OFFICE: _Role(
        lazy("Front office"), lazy("Makes, moves and cancels appointments."), Preset.MANAGE_APPOINTMENTS
    ),
    Shipped.BOOKS: _Role(
        lazy("Bookkeeping"), lazy("Pays bills up to the amounts below."), Preset.PAY_BILLS, 50_000, 200_000, 20
    ),
    Shipped.DAILY: _Role(
        lazy("Daily business"), lazy("Does all that can be done for the business, up to the amounts below."),
        Preset.DAILY_BUSINESS, 100_000, 500_000, 50,
    ),
}  # fmt: skip
_BADGES: Mapping[str, tuple[Text, str]] = {
    State.ACTIVE: (lazy("Can act"), "good"),
    State.PAUSED: (lazy("Paused"), "warn"),
    State.ENDED: (lazy("Cannot act"), ""),
}


def shipped(role: Shipped, rules: Limits) -> Terms:
    """What such a role lets somebody do here: what the catalogue's rows say of the preset, and its amounts."""
    known = _ROLES[role]
    terms = replace(delegations.terms_of(known.preset, rules), scopes=SEEN)
    if not known.each or not any(has_amount(action, rules) for action in terms.actions):
        return terms
    currency = delegations.currencies(rules)[0][0]
    return replace(terms, currency=currency, amount_each=known.each, amount_month=known.month, times_day=known.times)


def terms(business: UUID, role: str, rules: Limits) -> Terms | None:
    """What a role of this business lets somebody do; None: there is none such."""
    if role in set(Shipped):
        return shipped(Shipped(role), rules)
    own = of_its_own(business, role)
    return own.terms if own is not None else None


def of_its_own(business: UUID, role: str) -> BusinessRole | None:
    """A role of the business's own, by its id."""
    try:
        key = UUID(role)
    except ValueError:
        return None
    return BusinessRole.objects.filter(business=business, pk=key).first()


def roles(business: Business, rules: Limits) -> list[dict[str, Any]]:
    """Every role that can be given: what it is called, for whom it is, what it allows."""
    found = [
        {"key": role.value, "title": known.title, "words": known.does, "own": None} | said(shipped(role, rules))
        for role, known in _ROLES.items()
    ]
    own = BusinessRole.objects.filter(business=business).order_by("name")
    return found + [{"key": str(each.pk), "title": each.name, "own": each} | said(each.terms) for each in own]


def named(members: list[BusinessMember], business: Business) -> dict[str, Text]:
    """What the roles are called that these have, and that there are; one that is gone is called nothing."""
    own = BusinessRole.objects.filter(business=business).values_list("pk", "name") if members else []
    return {role.value: known.title for role, known in _ROLES.items()} | {str(key): name for key, name in own}


def said(what: Terms) -> dict[str, Any]:
    """What may be done, and up to where."""
    limits = []
    if what.currency and what.amount_each is not None:
        limits.append(lazy_format(_EACH, delegations.said(what.amount_each, what.currency)))
    if what.currency and what.amount_month is not None:
        limits.append(lazy_format(_MONTH, delegations.said(what.amount_month, what.currency)))
    if what.times_day is not None:
        limits.append(lazy_format(_TIMES, str(what.times_day)))
    return {"does": delegations.does(what), "sees": delegations.sees(what), "limits": limits}


_EACH = lazy("At most %(most)s at a time")
_MONTH = lazy("At most %(most)s in a month")
_TIMES = lazy("At most %(most)s times a day")


def lazy_format(text: Text, most: str) -> str:
    """One limit."""
    return str(text) % {"most": most}


def listed(
    row: BusinessMember, titles: Mapping[str, Text], reader: User, acts: Mapping[str, Any], at: datetime
) -> dict[str, Any]:
    """One member, as owners read it. The row was read with its people."""
    delegation = row.delegation
    live = delegation is not None and delegation.state in LIVE and at < delegation.ends_at
    badge, kind = _BADGES[State(delegation.state) if live and delegation is not None else State.ENDED]
    found: dict[str, Any] = {
        "row": row,
        "name": row.person.name if row.person else "",
        "address": row.person.called if row.person else row.shown,
        "role": titles.get(row.role, ""),
        "badge": badge,
        "badge_kind": kind,
        "live": live,
        "until": reader.local(row.expires_at) if row.expires_at else "",
        "since": reader.local(row.joined_at) if row.joined_at else "",
        "acts": acts.get(str(row.delegation_id), [])[:3],
    }
    if live and delegation is not None:
        found["may"] = delegations.listed(delegation, reader, {}, at)
    return found


def lately(business: Business, reader: User) -> list[dict[str, Any]]:
    """What was done to the business last, newest first: what, whom it is about, and when. Two statements."""
    rows = list(
        AuditEntry.objects.filter(about=business.pk, name__startswith="business.").order_by("-at", "-pk")[:_LATELY]
    )
    about = {row.data.get("other") for row in rows} | {str(row.actor) for row in rows if row.actor}
    people = {str(each.pk): each.called for each in User.objects.filter(pk__in=[each for each in about if each])}
    found = []
    for row in rows:
        said = timeline.say(row.name, row.data)
        if said is not None:
            whom = people.get(str(row.data.get("other")), "")
            by = people.get(str(row.actor), "")
            found.append(
                {"what": said.title, "whom": whom, "by": by if by != whom else "", "when": reader.local(row.at)}
            )
    return found


def is_there(row: BusinessMember) -> bool:
    """Whether they are a member now."""
    return row.stands == Stands.MEMBER
