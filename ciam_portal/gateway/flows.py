"""A browser goes to an application and is known there; each of its requests is answered as the gate says.

A browser comes to an application with a value of that host alone; the portal's own cookie never leaves its host. The
value is handed over by a code that works once, soon, at that host, and in the browser that asked for it there.
"""

from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache

from accounts.models import Session, User
from accounts.step_up import facts
from ciam_portal.core import gate
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.decide import Decided, columns_of, keep
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record, tally
from ciam_portal.core.crypto import codes
from ciam_portal.core.flow import flow
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Sensitivity
from ciam_portal.core.policy.decision import Allow
from ciam_portal.gateway import events
from ciam_portal.gateway.models import Entry
from ciam_portal.gateway.shapes import App, Route
from consent.ledger.shapes import Party, Way
from consent.purposes.facts import Wanted
from consent.purposes.shipped import CATEGORIES_OF_SCOPES, OWN_APPLICATIONS
from consent.use import flows as leaving
from consent.use.facts import Person
from consent.use.shapes import Released, To


@dataclass(frozen=True, slots=True)
class Arrived:
    """Who has arrived at an application: what its browser holds there from now on, and which page it wanted."""

    value: str
    to: str


@flow
def hand_over(session: Session, app: App, *, state: str, to: str, by: Actor, at: datetime) -> str:
    """A code that lets the browser whose ``state`` this is into the application, to the page ``to``."""
    code = codes.new_token()
    kept = {"session": str(session.pk), "app": app.key, "state": state, "to": to}
    cache.set(_key(code), kept, limits.current().gateway.handover_seconds)
    record(events.AppEntered(app=Code(app.key), session=session.pk), about=session.customer_id, by=by, at=at)
    return code


def arrive(code: str, app: App, *, state: str, at: datetime) -> Arrived | None:
    """The browser is there. None if the code is another host's or another browser's, was used, or is too old."""
    kept = cache.get(_key(code))
    if kept is None or not cache.delete(_key(code)) or (kept["app"], kept["state"]) != (app.key, state):
        return None
    session = Session.objects.standing(at).filter(pk=kept["session"]).first()
    if session is None:
        return None
    return Arrived(Entry.objects.renew(session, app.key, session.expires_at), kept["to"])


def answer(app: App, action: str, customer: User, session: Session, *, by: Actor, at: datetime) -> Decided:
    """May this request go on to the application? What is ordinary leaves no row: this path has to stay fast."""
    asked, assessed = facts.assessed(action, facts.for_token(customer, session, by=by, at=at), customer, at)
    row = limits.current().actions.get(action)
    if isinstance(assessed.decision, Allow) and row is not None and row.sensitivity is Sensitivity.LOW:
        return Decided(assessed.decision, None)
    return _noted(app, action, asked, assessed, customer, by=by, at=at)


def released(app: App, route: Route, person: Person, *, at: datetime) -> Released:
    """What the application may be told of who sent a request. One statement."""
    to = To(Party(application=app.key), Way.GATEWAY, is_ours=True)
    categories = {name for scope in ("openid", *route.scopes) for name in CATEGORIES_OF_SCOPES[scope]}
    wanted = Wanted(OWN_APPLICATIONS, tuple(sorted(categories)), route.scopes)
    return leaving.release(person, [wanted], to, at=at)


@flow
def _noted(
    app: App, action: str, asked: gate.Facts, assessed: gate.Assessed, customer: User, *, by: Actor, at: datetime
) -> Decided:
    """The first answer of its kind in a session on a day is kept whole; a page of fifty pictures has fifty of them."""
    said = columns_of(assessed.decision)
    found = sorted((finding.code, finding.points) for finding in assessed.decision.findings)
    alike = (app.key, action, by.session, limits.current().version, said["answer"], said["reason"], found)
    key = tally(events.RequestAnswered, *alike, about=customer.pk, by=by, at=at)
    if key is None:
        return Decided(assessed.decision, None)
    decided = keep(action, asked, assessed, about=customer.pk, by=by, at=at)
    event = events.RequestAnswered(app=Code(app.key), action=Code(action), answer=Code(said["answer"]))
    record(event, about=customer.pk, by=by, at=at, decision=decided.id, key=key)
    return decided


def _key(code: str) -> str:
    return f"handover:{codes.handle(code, 'gateway handover')}"
