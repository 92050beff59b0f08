"""How choices read on the customer's pages: purposes with what was said of them, and the history of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.categories import CATEGORIES
from ciam_portal.core.words import Text
from ciam_portal.oauth import scopes
from consent.models import ConsentEvent, ConsentRecord
from consent.purposes import facts as purposes
from consent.purposes.facts import Active, language_of
from consent.purposes.policy import Basis
from consent.records import facts, policy
from consent.records.policy import GivenBy, State

STATES: dict[State, Text] = {
    State.GIVEN: _("Allowed"),
    State.REFUSED: _("Refused"),
    State.WITHDRAWN: _("Taken back"),
    State.EXPIRED: _("Ended: its time was up"),
    State.SUPERSEDED: _("Ended: the text changed, so you are asked again"),
    State.PAUSED: _("Paused"),
    State.OBJECTED: _("Objected"),
}
_BY: dict[GivenBy, Text] = {
    GivenBy.SELF: _("by you"),
    GivenBy.GUARDIAN: _("by a guardian, for you"),
    GivenBy.DELEGATE: _("by somebody who acts for you"),
}
_BADGES = {State.GIVEN: "good", State.PAUSED: "warn"}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was said, as its page lists it."""

    number: int
    at: datetime
    title: str
    state: Text
    to: str
    categories: list[Text]
    version: int
    expires_at: datetime | None
    by: Text


def own(customer: UUID, at: datetime) -> dict[str, list[dict[str, Any]]]:
    """What we ourselves use data for: ``asked``, ``objectable`` and ``needed``, each with how it stands."""
    active = purposes.active(at)
    found = {each.purpose: each for each in ConsentRecord.objects.between(customer, None)}
    parts: dict[str, list[dict[str, Any]]] = {"asked": [], "objectable": [], "needed": []}
    for key, now in active.items():
        if not now.is_ours:
            continue
        name = {Basis.CONSENT: "asked", Basis.LEGITIMATE_INTEREST: "objectable"}.get(now.basis, "needed")
        parts[name].append(facts.described(now) | _standing(now, found.get(key), at))
    return parts


def of_apps(customer: UUID, at: datetime) -> list[dict[str, Any]]:
    """What connected apps get: for each purpose, the apps, what of it, since when, until when."""
    active = purposes.active(at)
    rows = ConsentRecord.objects.of(customer).filter(recipient__isnull=False, state__in=[State.GIVEN, State.PAUSED])
    found = list(rows.order_by("at"))
    parts = [(now, [each for each in found if each.purpose == key]) for key, now in active.items()]
    return [facts.described(now) | {"apps": [_app(each, at) for each in mine]} for now, mine in parts if mine]


def history(customer: UUID, *, before: int | None, most: int) -> list[Line]:
    """What was said, latest first, from below this number on."""
    rows = ConsentEvent.objects.filter(subject=customer).select_related("version__purpose", "recipient")
    if before is not None:
        rows = rows.filter(number__lt=before)
    return [_line(each) for each in rows.order_by("-number")[:most]]


def _state(found: ConsentRecord, at: datetime) -> State:
    return policy.lapse_of(facts.standing(found, at), at) or State(found.state)


def _standing(now: Active, found: ConsentRecord | None, at: datetime) -> dict[str, Any]:
    state = _state(found, at) if found else None
    counts = found if state is State.GIVEN else None
    given = counts.categories if counts else []
    return {
        "state": STATES[state] if state else "",
        "badge": _BADGES.get(state, "") if state else "",
        "is_given": counts is not None,
        "since": found.at if found else None,
        "until": counts.expires_at if counts else None,
        "given": [CATEGORIES[code].title for code in given],
        "alone": [{"category": CATEGORIES[code], "ticked": code in given} for code in now.optional],
    }


def _app(found: ConsentRecord, at: datetime) -> dict[str, Any]:
    names, state = scopes.described(found.scopes), _state(found, at)
    return {
        "partner": found.recipient,
        "connection": found.connection,
        "what": [scope.title for scope in names],
        "is_needed": any(scope.required for scope in names),
        "state": STATES[state],
        "badge": _BADGES.get(state, ""),
        "since": found.at,
        "until": found.expires_at,
    }


def _line(event: ConsentEvent) -> Line:
    texts = event.version.texts
    return Line(
        number=event.number,
        at=event.at,
        title=texts[language_of(texts)]["title"],
        state=STATES[State(event.state)],
        to=event.recipient.name if event.recipient else "",
        categories=[CATEGORIES[code].title for code in event.categories],
        version=event.version.number,
        expires_at=event.expires_at,
        by=_by(event),
    )


def _by(event: ConsentEvent) -> Text:
    if event.by_kind == "partner":
        return _("by the app")
    if event.by_kind != "customer":
        return _("by itself")
    return _BY[GivenBy(event.given_by)]
