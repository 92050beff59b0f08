"""Coming in and proving more: a sign-in is weighed, a session begins, a session steps up."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from accounts import addresses, device_cookie
from accounts.events import sign_in as events
from accounts.models import Device, Session, User
from accounts.notices import account as notices
from accounts.policy import sign_in as policy
from ciam_portal import codes
from ciam_portal.audit.actor import Actor
from ciam_portal.audit.decide import decide
from ciam_portal.audit.events import Code
from ciam_portal.audit.record import record
from ciam_portal.flow import flow
from ciam_portal.notifications.tell import tell
from ciam_portal.policy import limits
from ciam_portal.policy.assurance import Level, Method, level_of
from ciam_portal.policy.decision import Allow, Decision, Deny, Hold, StepUp

_ANSWERS = {Allow: "allow", StepUp: "step_up", Hold: "hold", Deny: "deny"}


@dataclass(frozen=True, slots=True)
class Browser:
    """The browser at the door. ``cookie`` is the device cookie as it sent it; ``key`` its browser session's row."""

    cookie: str
    key: str
    network: str
    family: str
    system: str
    country: str = ""


@dataclass(frozen=True, slots=True)
class Entered:
    """A begun session, and the device cookie that the browser must keep from now on."""

    session: Session
    cookie: str


@flow
def weigh(customer: User, facts: policy.SignInFacts, *, by: Actor, at: datetime) -> tuple[Decision, UUID]:
    """Decide whether what was proven suffices; the answer, and the id under which it is kept."""
    decided = decide(policy.on_sign_in, facts, about=customer.pk, by=by, at=at)
    event = events.SignInWeighed(answer=Code(_ANSWERS[type(decided.answer)]), methods=facts.proven)
    record(event, about=customer.pk, by=by, at=at, decision=decided.id)
    return decided.answer, decided.id


@flow
def begin(
    customer: User, methods: tuple[Method, ...], browser: Browser, decision: UUID | None, *, by: Actor, at: datetime
) -> Entered:
    """Begin a session that was allowed; remember its browser, and tell the customer if it is a new one."""
    device, cookie, is_new = _device(customer, browser, at)
    level = level_of(methods)
    session = Session.objects.create(
        customer=customer,
        device=device,
        browser_key=browser.key,
        started_at=at,
        last_used_at=at,
        expires_at=at + timedelta(hours=limits.running().session.absolute_hours),
        auth_time=at,
        level=level,
        level_at=at,
        methods=list(methods),
        network=browser.network,
        country=browser.country,
        browser=browser.family,
        system=browser.system,
    )
    event = events.SignedIn(
        session=session.pk, device=device.pk, new_device=is_new, acr=Code(level.acr), methods=methods
    )
    record(event, about=customer.pk, by=by, at=at, decision=decision)
    if is_new and customer.devices.exclude(pk=device.pk).exists():
        notice = notices.NewDevice(browser=browser.family, system=browser.system, network=browser.network)
        tell(customer, notice, to=addresses.proven(customer), at=at)
    return Entered(session, cookie)


def _device(customer: User, browser: Browser, at: datetime) -> tuple[Device, str, bool]:
    token = device_cookie.token_of(browser.cookie)
    if token:
        candidates = codes.digests(token, "device")
        known = Device.objects.live(at).filter(customer=customer, cookie_digest__in=candidates).first()
        if known:
            known.seen(at)
            return known, device_cookie.signed(token), False
        # A browser shared by several customers keeps one cookie; a revoked or unknown one gets a new cookie.
        others = Device.objects.live(at).filter(cookie_digest__in=candidates)
        mine = Device.objects.filter(customer=customer, cookie_digest__in=candidates)
        if mine.exists() or not others.exists():
            token = ""
    cookie = device_cookie.signed(token) if token else device_cookie.new()
    device = Device.objects.create(
        customer=customer,
        cookie_digest=codes.digest(device_cookie.token_of(cookie), "device"),
        browser=browser.family,
        system=browser.system,
        first_seen_at=at,
        last_seen_at=at,
        expires_at=at + timedelta(days=limits.running().session.device_days),
    )
    return device, cookie, True


@flow
def step_up(session: Session, method: Method, *, by: Actor, at: datetime) -> Session:
    """A live session has proven one more method just now; only this session rises. The session as it is now."""
    session = Session.objects.select_for_update().get(pk=session.pk)
    methods = (*(Method(known) for known in session.methods if known != method), method)
    reached = level_of(methods)
    # The strongest level is fresh only if the method just used belongs to it: a password renews AAL1, never AAL2.
    session.auth_time = at
    if reached > session.level or level_of((Method.PASSWORD, method)) >= reached:
        session.level, session.level_at = reached, at
    session.methods = list(methods)
    session.save(update_fields=["auth_time", "level", "level_at", "methods"])
    event = events.SteppedUp(session=session.pk, method=method, acr=Code(Level(session.level).acr))
    record(event, about=session.customer_id, by=by, at=at)
    return session


@flow
def note_failure(lane: str, customer: UUID | None, *, paused: bool, by: Actor, at: datetime) -> None:
    """A wrong password: kept under the pseudonym of what was typed, about the account if there is one."""
    event = events.SignInFailed(lane=Code(lane), account_known=customer is not None, paused=paused)
    record(event, about=customer, by=by, at=at)


@flow
def note_second_step_failure(customer: User, attempts: int, *, by: Actor, at: datetime) -> None:
    """A wrong second factor at the door."""
    record(events.SecondStepFailed(attempts=attempts), about=customer.pk, by=by, at=at)
