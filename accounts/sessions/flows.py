"""Ending what a customer is signed in with. Every way to end something is here."""

from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth import logout
from django.contrib.sessions.models import Session as BrowserSession
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest

from accounts.customer import addresses
from accounts.models import Session, User
from accounts.sessions import agents, events, notices, policy
from ciam_portal.core import erasing, links, network, places
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from ciam_portal.oauth import backchannel, tokens

SIGNED_OUT, ENDED_BY_OWNER, CREDENTIALS_CHANGED = "signed_out", "ended_by_owner", "credentials_changed"
ROLE_CHANGED, RISK_ROSE, ONE_TOO_MANY = "role_changed", "risk_rose", "one_too_many"
SPARED = frozenset({SIGNED_OUT, ONE_TOO_MANY})
"""Why a session may end and leave partners connected that the customer allowed to act in their absence."""
erasing.goes(lambda person: Q(pk__in=Session.objects.filter(customer=person).values("browser_key")))(BrowserSession)
_TOUCH_AFTER = timedelta(seconds=60)


def live(customer: User, at: datetime) -> QuerySet[Session]:
    """The sessions a customer is signed in with now, latest use first."""
    idle = timedelta(minutes=limits.current().session.idle_minutes)
    return Session.objects.filter(customer=customer).live(at, idle).order_by("-last_used_at")


def seen(session: Session, request: HttpRequest, *, by: Actor, at: datetime) -> Session:
    """A request came in this session: from where and in which browser is noted, and that the session is in use."""
    family, system = agents.of(request)
    place = network.prefix(network.client_address(request)), session.browser_words(family, system)
    if place != session.place_now:
        return moved(session, *place, by=by, at=at)
    if at - session.last_used_at >= _TOUCH_AFTER:
        session.used(at, network=place[0], browser=place[1])
    return session


def moved(session: Session, network: str, browser: str, *, by: Actor, at: datetime) -> Session:
    """A session goes on from another network or browser than it was last seen with: noted once for each change.

    The session as it is now; of two requests that arrive together, one notes the change.
    """
    with transaction.atomic():
        rows = Session.objects.select_for_update(of=("self",), no_key=True).select_related("customer", "device")
        session = rows.get(pk=session.pk)
        if session.place_now != (network, browser):
            _note_move(session, network, browser, by=by, at=at)
    return session


@flow
def _note_move(session: Session, network: str, browser: str, *, by: Actor, at: datetime) -> None:
    """What no traveller and no browser does raises the risk at once (``policy.risk_of_move``)."""
    was_network, was_browser = session.place_now
    abroad = _abroad(session, network, at)
    risk = policy.risk_of_move(browser=browser != session.browser, abroad=abroad)
    if network != was_network:
        far = policy.risk_of_move(browser=False, abroad=abroad) is not None
        place = events.SessionChangedPlace(session=session.pk, back=network == session.network, abroad=far)
        record(place, about=session.customer_id, by=by, at=at)
    if browser != was_browser:
        change = events.SessionChangedBrowser(session=session.pk, back=browser == session.browser)
        record(change, about=session.customer_id, by=by, at=at)
    session.used(at, network=network, browser=browser, risk=risk)


def _abroad(session: Session, network: str, at: datetime) -> float | None:
    """How many seconds after it was last used it goes on in another country; None: in the same, or not known where."""
    was, now = (places.lookup(each.partition("/")[0]).country for each in (session.place_now[0], network))
    return (at - session.last_used_at).total_seconds() if was and now and was != now else None


@flow
def end(session: Session, *, by: Actor, at: datetime, reason: str = ENDED_BY_OWNER) -> None:
    """End one session with its browser session and its tokens. Nothing happens twice.

    Those in ``SPARED`` leave partners connected that the customer allowed to act in their absence (offline_access);
    every other reason ends those too.
    """
    session = Session.objects.select_for_update(no_key=True).get(pk=session.pk)
    ended = 0
    if session.ended_at is None:
        session.end(at, reason)
        ended = tokens.revoke_session(session.pk, keep_offline=reason in SPARED)
        BrowserSession.objects.filter(pk=session.browser_key).delete()
        backchannel.tell_of_ends([session.pk], at)
    event = events.SessionEnded(session=session.pk, reason=Code(reason), tokens_ended=ended)
    record(event, about=session.customer_id, by=by, at=at)


def make_room(session: Session, *, by: Actor, at: datetime) -> None:
    """It has just begun, under the lock on its customer: what is one too many ends, and they are told."""
    others = live(session.customer, at).exclude(pk=session.pk).select_related("device")
    found = {each.pk: each for each in others}
    standing = [
        policy.Standing(each.pk, each.device is not None and at >= each.device.known_at, each.last_used_at)
        for each in found.values()
    ]
    for key in policy.one_too_many(standing, limits.current()):
        end(found[key], by=by, at=at, reason=ONE_TOO_MANY)
        notice = notices.SessionMadeRoom(
            browser=found[key].agent,
            place=found[key].place,
            most=limits.current().session.at_once,
            sessions_link=links.absolute("accounts:sessions"),
            password_link=links.absolute("account_reset_password"),
        )
        tell(session.customer, notice, to=addresses.proven(session.customer), at=at)


@flow
def end_app(customer: User, family: UUID, *, by: Actor, at: datetime) -> None:
    """End what an app on one device of this customer's holds. Nothing happens twice; to somebody else's, nothing."""
    app, ended = tokens.sign_out_app(customer.pk, family)
    if app is not None:
        record(events.AppEnded(partner=app, tokens_ended=ended), about=customer.pk, by=by, at=at)


@flow
def end_all(
    customer: User, *, by: Actor, at: datetime, reason: str = ENDED_BY_OWNER, keep: Session | None = None
) -> tuple[int, int]:
    """End every session but ``keep``, and every token of the customer. The numbers of sessions and tokens ended."""
    sessions, ended = _close(customer, at, reason, keep)
    event = events.SessionsEnded(reason=Code(reason), sessions_ended=sessions, tokens_ended=ended)
    record(event, about=customer.pk, by=by, at=at)
    return sessions, ended


def _close(customer: User, at: datetime, reason: str, keep: Session | None) -> tuple[int, int]:
    User.objects.locked(customer.pk)  # first, as every flow that locks several sessions
    open_ones = Session.objects.select_for_update(no_key=True).filter(customer=customer, ended_at__isnull=True)
    if keep is not None:
        open_ones = open_ones.exclude(pk=keep.pk)
    ended = dict(open_ones.values_list("pk", "browser_key"))
    open_ones.update(ended_at=at, end_reason=reason)
    BrowserSession.objects.filter(pk__in=ended.values()).delete()
    backchannel.tell_of_ends(ended, at)
    return len(ended), tokens.revoke_all(customer.pk)


def tell_of_those_that_ran_out(at: datetime, most: int) -> int:
    """Sessions that nobody ended, but time did: partners hear of these too. How many messages."""
    untold = Session.objects.filter(Exists(backchannel.untold().filter(session=OuterRef("pk"))))
    idle = timedelta(minutes=limits.current().session.idle_minutes)
    over = untold.exclude(pk__in=untold.live(at, idle).values("pk")).values_list("pk", flat=True)[:most]
    with transaction.atomic():
        return backchannel.tell_of_ends(list(over), at)


def sign_out(request: HttpRequest, *, by: Actor, at: datetime) -> None:
    """Sign this browser out: session record, tokens, browser session, cookie."""
    session: Session | None = getattr(request, "portal_session", None)
    if session is not None:
        end(session, by=by, at=at, reason=SIGNED_OUT)
    logout(request)
    request.portal_session = None  # type: ignore[attr-defined]
