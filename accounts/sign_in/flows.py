"""Coming in and proving more: a sign-in is assessed, a session begins, a session steps up."""

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from accounts.account import notices
from accounts.baseline import history
from accounts.budgets import bucket
from accounts.customer import proofs
from accounts.factors import policy as factors
from accounts.lock.flows import locks
from accounts.models import Device, Session, SignInAttempt, User
from accounts.registration.shapes import UNSEEN, Form
from accounts.sessions import device_cookie
from accounts.sessions import flows as sessions
from accounts.sign_in import events, policy, warn
from accounts.step_up import facts
from accounts.watch.flows import alerts
from ciam_portal.core import links, network
from ciam_portal.core.audit import decide as decisions
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.crypto import codes
from ciam_portal.core.flow import flow, require
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import MORE_THAN_A_PASSWORD, SECOND_FACTORS, Level, Method, level_of
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Allow, Decision, Deny, Hold, Risk
from ciam_portal.core.risk.visit import Visit

SIGN_IN = proofs.declare(proofs.Code("sign_in"))


@dataclass(frozen=True, slots=True)
class Browser:
    """The browser at the door. ``cookie`` is the device cookie as it sent it; ``key`` its browser session's row."""

    cookie: str
    key: str
    seen: history.Seen
    absurd: bool = False  # no browser would call itself what this one does
    known: bool = False  # somebody's own, whoever it names: what others do at its address is not its doing
    zone: str = ""  # the time zone that it says it is in
    bucket: str = ""  # where what it asks for about the address that it names is counted (``accounts.budgets.bucket``)
    devices: tuple[Device, ...] | None = None  # the live ones whose tokens it shows, if they were looked for just now
    form: Form = UNSEEN  # how the form of a sign-up was filled in
    app: str = ""  # the key (its thumbprint) that the business's own app proves: its device's token, for good
    name: str = ""  # what that app calls the device

    @property
    def own(self) -> str:
        """Its own bucket, if the customer whom it names knows it; nothing for a stranger's."""
        return "" if self.bucket.startswith(bucket.NETWORK) else self.bucket

    @property
    def network(self) -> str:
        """The network prefix, coarse enough to show and keep."""
        return network.prefix(self.seen.address)

    @property
    def source(self) -> str:
        """A pseudonym of what this browser is called and where it is."""
        return history.hidden("source", f"{self.seen.browser} {self.seen.system} {self.network}")

    def seen_with(self, device: Device | None) -> history.Seen:
        """What it showed; its own name counts only if it is the customer's known device."""
        stored = device_cookie.read(self.cookie) if device else None
        return replace(self.seen, device=stored.browser if stored else "")


@dataclass(frozen=True, slots=True)
class Admitted:
    """A sign-in that was allowed: what was proven, how worried we are, what it showed, and what was known before.

    ``risk`` is the sign-in's own: what strangers can cause was for the door alone, and the session does not carry it.
    ``account``: ``proofs.state_of`` the customer when the sign-in began. ``watched``: let in at severe risk, because of
    the strongest proof: its owner hears of it, and staff look.
    """

    methods: tuple[Method, ...]
    risk: Risk | None = None
    decision: UUID | None = None
    visit: Visit = field(default_factory=Visit)
    remembered: history.Remembered | None = None
    account: str = ""
    watched: bool = False


@dataclass(frozen=True, slots=True)
class Entered:
    """A begun session, and the device cookie that the browser must keep from now on."""

    session: Session
    cookie: str


@flow
def assess(
    customer: User, methods: tuple[Method, ...], browser: Browser, *, breached: bool | None, by: Actor, at: datetime
) -> tuple[Decision, Admitted]:
    """Decide whether what was proven suffices, from this browser; the answer, and what a session may begin with."""
    entry = facts.at_the_door(customer, methods)
    visit, risk, remembered, watched = Visit(), None, None, False
    refused = decisions.refusal(policy.on_sign_in, entry, about=customer.pk, by=by, at=at)
    if refused is None:
        device, copied = _shown(customer, browser, at)
        if copied is not None:
            warn.of_copied_key(customer, copied, by=by, at=at)
        seen = browser.seen_with(device)
        arrived = facts.arrival(customer, seen, device, breached=breached, absurd=browser.absurd, at=at)
        assessed = facts.for_sign_in(customer, methods, arrived, by=by, at=at)
        decided = decisions.assess(Action.SIGN_IN, assessed, about=customer.pk, by=by, at=at)
        if isinstance(decided.answer, Hold) and (vouched := facts.vouched_until(customer)):
            assessed = replace(assessed, vouched_until=vouched)
            decided = decisions.assess(Action.SIGN_IN, assessed, about=customer.pk, by=by, at=at)
        visit, risk, remembered = arrived.visit, decided.standing, arrived.remembered
        watched = isinstance(decided.answer, Allow) and decided.risk is Risk.SEVERE
        if isinstance(decided.answer, Hold | Deny):
            warn.of_stopped(customer, at)
    else:
        decided = refused
    answer = Code(decisions.columns_of(decided.answer)["answer"])
    source = Code(codes.kept_of(customer.evidence_key, browser.source, "source"))
    event = events.SignInAssessed(answer=answer, methods=methods, source=source)
    record(event, about=customer.pk, by=by, at=at, decision=decided.id)
    if decided.id and not isinstance(decided.answer, Allow):
        _note_attempt(customer, browser, decided.id, at)
    return decided.answer, Admitted(methods, risk, decided.id, visit, remembered, watched=watched)


def _note_attempt(customer: User, browser: Browser, decision: UUID, at: datetime) -> None:
    SignInAttempt.objects.create(
        decision=decision, customer=customer, at=at, browser=browser.seen.browser, system=browser.seen.system,
        network=browser.network, country=browser.seen.country,
    )  # fmt: skip


def still_as_admitted(customer: User, admitted: Admitted) -> User | None:
    """The customer, locked until the sign-in has ended; None if password or address are no longer those it began with.

    Call inside the transaction in which it begins.
    """
    customer = User.objects.locked(customer.pk)
    return customer if proofs.is_still(admitted.account, customer) else None


@flow
def begin(customer: User, admitted: Admitted, browser: Browser, *, by: Actor, at: datetime) -> Entered:
    """Begin a session that was allowed; remember its browser, learn from it, and tell the customer of a new one.

    ``customer``: under lock, as it stands now (``still_as_admitted``): it may have been locked or suspended since the
    sign-in was assessed. A locked account is unlocked by it, if that may still be. Raises Refused.
    """
    methods, seen = admitted.methods, browser.seen
    if customer.is_suspended(at):
        require(policy.on_sign_in, facts.at_the_door(customer, methods), about=customer.pk, by=by, at=at)
    if customer.locked_at is not None:
        locks.reopen(customer, methods, by=by, at=at)
    device, stored, is_new = _device(customer, browser, at)
    level = level_of(methods)
    if level >= Level.AAL2:
        device.known_from(at)
    visit = replace(admitted.visit, device=history.hidden("device", stored.browser))
    history.learn(customer.pk, visit, at, admitted.remembered)
    session = Session.objects.create(
        customer=customer,
        device=device,
        browser_key=browser.key,
        started_at=at,
        last_used_at=at,
        expires_at=at + timedelta(hours=limits.current().session.absolute_hours),
        auth_time=at,
        level=level,
        level_at=at,
        methods=list(methods),
        challenged_at=at if MORE_THAN_A_PASSWORD & set(methods) else None,
        risk=admitted.risk,
        decision=admitted.decision,
        visit=asdict(visit),
        network=browser.network,
        country=seen.country,
        asn=seen.asn,
        browser=seen.browser,
        system=seen.system,
    )
    event = events.SignedIn(
        session=session.pk, device=device.pk, new_device=is_new, acr=Code(level.acr), methods=methods
    )
    record(event, about=customer.pk, by=by, at=at, decision=admitted.decision)
    sessions.make_room(session, by=by, at=at)
    if admitted.watched or (is_new and customer.devices.exclude(pk=device.pk).exists()):
        warn.of_new_device(customer, session, at)
    if admitted.watched:
        alerts.raise_once("watched", {"sign_ins": 1}, by=by, at=at)
    return Entered(session, stored.signed())


@flow
def remember_first(customer: User, browser: Browser, *, by: Actor, at: datetime) -> str:
    """The browser in which the customer proved their address is the first they are known by; its device cookie."""
    device, stored, is_new = _device(customer, browser, at)
    device.known_from(at)
    record(events.DeviceRemembered(device=device.pk, new=is_new), about=customer.pk, by=by, at=at)
    return stored.signed()


def device_of(customer: User, browser: Browser, at: datetime) -> Device | None:
    """The customer's own live device that this browser shows: one whose token was made for them, and is still good."""
    return _shown(customer, browser, at)[0]


def _shown(customer: User, browser: Browser, at: datetime) -> tuple[Device | None, Device | None]:
    """That device; or the one of which this browser shows a token that another has taken the place of."""
    found = device_cookie.digests(browser.cookie)
    if browser.devices is not None:
        devices = [each for each in browser.devices if each.customer_id == customer.pk]
    else:
        devices = list(Device.objects.live(at).with_token(found).filter(customer=customer)) if found else []
    good = next((each for each in devices if each.accepts(found, at, _overlap())), None)
    return (good, None) if good or not devices else (None, devices[0])


def _overlap() -> timedelta:
    return timedelta(minutes=limits.current().session.device_overlap_minutes)


def _device(customer: User, browser: Browser, at: datetime) -> tuple[Device, device_cookie.Kept, bool]:
    """The device of a completed sign-in, what its browser must keep from now on, and whether it is new."""
    stored = device_cookie.read(browser.cookie) or device_cookie.new()
    found, overlap = device_cookie.digests(browser.cookie), _overlap()
    mine = list(Device.objects.with_token(found).filter(customer=customer)) if found else []
    known = next((each for each in mine if each.is_live(at) and each.accepts(found, at, overlap)), None)
    # Never a token that came with the browser: it was made for somebody else, or for this customer and is renewed now.
    spent = {digest for each in mine for digest in (each.cookie_digest, *each.former_digests)}
    token, dead = browser.app or codes.new_token(), [found[each] for each in spent & found.keys()]
    if known:
        known.renewed(device_cookie.digest(token), at)
        return known, stored.first(token, without=dead), False
    rules = limits.current()
    device = Device.objects.create(
        customer=customer,
        cookie_digest=device_cookie.digest(token),
        browser=browser.seen.browser,
        system=browser.seen.system,
        name=browser.name,
        first_seen_at=at,
        last_seen_at=at,
        known_at=at + timedelta(hours=rules.risk.trust_device_hours),
        expires_at=at + timedelta(days=rules.session.device_days),
    )
    return device, stored.first(token, without=dead), True


@flow
def step_up(session: Session, method: Method, *, by: Actor, at: datetime) -> Session:
    """A live session has proven one more method just now; only this session rises. The session as it is now."""
    session = Session.objects.select_for_update(no_key=True).get(pk=session.pk)
    before = tuple(Method(known) for known in session.methods if known != method)
    risen, was = factors.raised(session.assurance, before, method, at), Level(session.level)
    session.level, session.level_at = risen.level, risen.at or session.level_at
    if method is not Method.EMAIL_CODE:  # a mailbox passes a challenge, but authenticates nobody
        session.auth_time = at
    session.methods = [*before, method]
    if method in MORE_THAN_A_PASSWORD:
        session.challenged_at = at
    session.save(update_fields=["auth_time", "level", "level_at", "methods", "challenged_at"])
    if method in SECOND_FACTORS and session.device is not None:
        session.device.known_from(at)
    event = events.SteppedUp(
        session=session.pk, method=method, acr=Code(Level(session.level).acr), before=Code(was.acr)
    )
    record(event, about=session.customer_id, by=by, at=at)
    return session


@flow
def send_sign_in_code(customer: User, attempt: UUID, *, by: Actor, at: datetime) -> None:
    """Mail a code that finishes this very sign-in. The caller has asked ``proofs.may_mail_sign_in_code``."""
    code = proofs.new_code(customer, SIGN_IN, attempt, customer.email, at)
    record(events.SignInCodeSent(attempt=attempt), about=customer.pk, by=by, at=at)
    minutes, link = limits.current().proof.code_minutes, links.absolute("account_reset_password")
    notice = notices.CodeToSignIn(code=code, minutes=minutes, password_link=link)
    tell(customer, notice, to=[customer.email], at=at)


@flow
def note_failure(bucket: str, customer: User | None, *, paused: bool, by: Actor, at: datetime) -> None:
    """A wrong password: kept under the pseudonym of what was typed, about the account if there is one."""
    kept = Code(codes.kept_of(customer.evidence_key, bucket, "bucket") if customer else bucket)
    event = events.SignInFailed(bucket=kept, account_known=customer is not None, paused=paused)
    record(event, about=customer.pk if customer else None, by=by, at=at)


@flow
def note_second_step_failure(customer: User, attempts: int, *, by: Actor, at: datetime) -> None:
    """A wrong second factor at the door."""
    record(events.SecondStepFailed(attempts=attempts), about=customer.pk, by=by, at=at)
