"""Gathers what the policies of getting back in, and the gate, ask about."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Max, Q

from accounts.budgets import counter as budget
from accounts.customer import addresses as proven
from accounts.factors import bound as factors
from accounts.factors.policy import STRONG, highest
from accounts.lock.policy import WayBack
from accounts.models import Session, User
from accounts.sign_in import flows as sign_in
from accounts.sign_in.flows import Browser
from accounts.staff.flows import people
from accounts.staff.flows import people as desk
from accounts.staff.policy import Sought, WhyLook
from accounts.step_up import facts as accounts
from ciam_portal.core import gate, reference
from ciam_portal.core.audit.actor import Actor, ActorKind
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Level, Method
from ciam_portal.core.policy.decision import Risk
from ciam_portal.core.roles import Role, roles_of, standing_roles_of
from recovery.addresses import facts as addresses
from recovery.case.policy.cases import Asked, CaseFacts, Helper, most_asked
from recovery.case.policy.evidence import Needed, Vouched, Way, can_answer, strength, vouched
from recovery.case.policy.states import State
from recovery.case.policy.waiting import Weighty
from recovery.desk.policy import BeginFacts
from recovery.models import Case, Inquiry, RecoveryAddress

_WINDOWS = {
    "in_two_minutes": ("recovery", 120),
    "in_an_hour": ("recovery_hour", 3600),
    "in_a_day": ("recovery_day", 86_400),
}
_SOME = 5  # customers who are found by one number or address: more are nobody in particular
_CALLED = (WhyLook.IDENTITY_CHECK, WhyLook.YOU_ASKED)


def asked(email: str, own: str) -> Asked:
    """Count one more request about this address. A browser the customer uses is counted apart from strangers'.

    What is refused for one window uses up nothing of the longer ones. ``own``: its bucket (``budgets.bucket``).
    """
    counts, refused = {}, False
    for name, (what, seconds) in _WINDOWS.items():
        if refused:
            counts[name] = budget.made(what, f"{email} {own}")
        else:
            counts[name] = budget.count(what, f"{email} {own}", seconds=seconds)
            refused = counts[name] > most_asked(limits.current())[name]
    return Asked(**counts)


def asked_again_in(asked: Asked, email: str, own: str) -> int:
    """Seconds until it may be asked again: until the last window ends in which it was asked too often."""
    most = most_asked(limits.current())
    used_up = [what for name, (what, _seconds) in _WINDOWS.items() if getattr(asked, name) > most[name]]
    return max((budget.wait(what, f"{email} {own}") for what in used_up), default=1)


def arriving(customer: User, browser: Browser, *, by: Actor, at: datetime) -> gate.Facts:
    """What the gate asks about somebody who shows, with codes, that this account is theirs.

    Compared with the customer's own history, as a sign-in would be. Wrong passwords typed before do not count: they are
    why people recover.
    """
    device = sign_in.device_of(customer, browser, at)
    arrived = accounts.arrival(customer, browser.seen_with(device), device, breached=None, absurd=browser.absurd, at=at)
    bare = accounts.for_recovery(customer, device, browser.seen, absurd=browser.absurd, by=by, at=at)
    # A suspension by staff holds what a recovery would complete; asking and waiting go on.
    return replace(bare, evidence=arrived.evidence, suspended_until=customer.suspended_until)


def needed(customer: User) -> Needed:
    """What has to be restored: more than a password, if the account has a second factor.

    So it is after an undo, too: there the mailbox alone must lead nowhere, whoever reads it. A factor that an undo put
    back leads nowhere either.
    """
    lock = accounts.lock_of(customer)
    shut = lock is not None and lock.way is not WayBack.MAILBOX
    doubtful = lock is not None and lock.way is WayBack.RECOVERY
    return Needed(factors=shut or bool(factors.second_factors(customer) & STRONG), factors_count=not doubtful)


def proven_elsewhere_at(customer: User, *, strong: bool) -> datetime | None:
    """The latest proof in any session: of two factors, where the customer has a second one.

    A sign-in that the customer disowned proves nothing.
    """
    rows = Session.objects.filter(customer=customer).exclude(said=Session.Said.NOT_MINE)
    if strong:
        rows = rows.filter(Q(level__gte=Level.AAL2))
    found: datetime | None = rows.aggregate(last=Max("level_at" if strong else "auth_time"))["last"]
    return found


def of_case(case: Case) -> CaseFacts:
    """A case and its account, as they stand. Call with both locked where it matters."""
    customer = case.customer
    need = needed(customer)
    shown = tuple(Way(way) for way in case.shown.order_by("at", "pk").values_list("way", flat=True))
    return CaseFacts(
        state=State(case.state),
        opened_at=case.opened_at,
        shown=shown,
        needed=need,
        account_active=customer.is_active,
        ready=weighty(case, shown, need),
        proven_elsewhere_at=proven_elsewhere_at(customer, strong=need.factors),
        proposed_by=case.proposed_by,
        proposed_at=case.proposed_at,
        opened_by=case.opened_by,
        noted_by=noted_by(case),
        proposer_stands=is_agent(case.proposed_by),
        channel_stands=channel_stands(case),
        approved_by=case.approved_by,
        approver_stands=is_approver(case.approved_by),
        told_apart=True,
    )


def noted_by(case: Case) -> tuple[UUID, ...]:
    """Everybody of staff who had part in what a case rests on, the one who opened it among them."""
    if case.opened_by is None:
        return ()
    asked = case.inquiries.values_list("asked_by", "ended_by")
    people = {case.opened_by, *case.shown.values_list("by", flat=True), *(key for row in asked for key in row)}
    return tuple(sorted(key for key in people if key is not None))


def is_agent(person: UUID | None) -> bool:
    """Whether this person is an agent now."""
    found = User.objects.filter(pk=person).first() if person else None
    return Role.AGENT in roles_of(found) if found else False


def is_approver(person: UUID | None) -> bool:
    """Whether this person approves now, by a role that two people gave."""
    found = User.objects.filter(pk=person).first() if person else None
    return Role.APPROVER in standing_roles_of(found) if found else False


def channel_stands(case: Case) -> bool:
    """Whether the customer's own link can still go where it was said to go."""
    if not case.release_to:
        return True
    among = addresses.before_call(case.customer, case.opened_at)
    return addresses.find(case.customer, among, case.release_to) is not None


def level_left(case: Case) -> Level:
    """The most that the customer can still prove, with what they say to be lost left out."""
    left = (factors.second_factors(case.customer) & STRONG) - {Method(name) for name in case.lost}
    if not left:
        return Level.AAL1
    highest = factors.highest_level(case.customer)
    return highest if Method.PASSKEY in left else min(highest, Level.AAL2)


def may_be_asked(case: Case) -> bool:
    """Whether an answer in one of the customer's sessions would count.

    Not if what is left to show there is weaker than what they say to be lost; so never of an account that rests on a
    password alone.
    """
    lost = (factors.second_factors(case.customer) & STRONG) & {Method(name) for name in case.lost}
    return needed(case.customer).factors and can_answer(level_left(case), highest(lost, has_password=True))


def is_asked(case: Case, session: Session, at: datetime) -> bool:
    """Whether a caller's answer may come from this session: begun before the call, in a browser known by then."""
    device, idle = session.device, timedelta(minutes=limits.current().session.idle_minutes)
    if session.customer_id != case.customer_id or session.said == Session.Said.NOT_MINE or device is None:
        return False
    was_known = device.is_live(at) and device.known_at <= case.opened_at
    return was_known and session.started_at < case.opened_at and session.is_live(at, idle)


def sessions_to_ask(case: Case, at: datetime) -> list[Session]:
    """The sessions that may answer."""
    if not may_be_asked(case):
        return []
    rows = Session.objects.select_related("device").filter(customer=case.customer, ended_at__isnull=True)
    return [session for session in rows if is_asked(case, session, at)]


def asked_in(case: Case, session: Session, at: datetime, *, lock: bool = False) -> Inquiry | None:
    """What the help desk asks in this session now; None if nothing."""
    if not is_asked(case, session, at) or not may_be_asked(case):
        return None
    rows = Inquiry.objects.filter(case=case, way=Way.IN_SESSION, outcome="", asked_at__gt=desk.lately(at))
    return (rows.select_for_update() if lock else rows).first()


def caller(customer: User, live: Case | None, lost: tuple[Method, ...]) -> BeginFacts:
    """The account of somebody who calls. ``live``: its recovery that can still lead somewhere."""
    return BeginFacts(
        is_open=customer.is_active and proven.is_proven(customer),
        says_lost=bool(lost),
        live=State(live.state) if live else None,
        live_by_desk=live is not None and live.opened_by is not None,
    )


def helper(person: User, session: Session, customer: User, *, by: Actor, at: datetime) -> Helper:
    """The member of staff who acts, as the rows stand now. Call with ``person`` just read, and locked."""
    return Helper(
        id=person.pk,
        is_agent=Role.AGENT in roles_of(person),
        is_approver=Role.APPROVER in standing_roles_of(person),
        is_customer=person.pk == customer.pk,
        acts_here=by.kind is ActorKind.STAFF and by.id == person.pk == session.customer_id and by.session == session.pk,
        has_opened=desk.is_opened(customer.pk, session, at, because=_CALLED),
    )


def weighty(case: Case, shown: tuple[Way, ...], need: Needed) -> Weighty | None:
    """What the wait is weighed by; None as long as it has not begun."""
    if case.cooling_since is None:
        return None
    return Weighty(
        started_at=case.cooling_since,
        strength=strength(shown, need),
        risk=None if case.risk is None else Risk(case.risk),
        by_desk=case.approved_by is not None,
        slowly=case.takes_two
        or (case.approved_by is not None and vouched(shown, limits=limits.current()) is not Vouched.ENOUGH),
        contact_changed_at=addresses.changed_at(case.customer),
    )


def longest_life() -> timedelta:
    """How long what belongs to a recovery must last: its key, the links that stop it.

    Begun on the last day, the wait can be the longest there is, and a change of address in it makes it begin anew.
    """
    rules = limits.current().recovery
    return timedelta(days=rules.case_days, hours=2 * rules.longest_wait_hours + rules.finish_hours)


def live_case(customer: UUID) -> Case | None:
    """The customer's recovery that can still lead somewhere."""
    return Case.objects.live().filter(customer=customer).first()


@people.MORE.join
def customers_of(sought: Sought) -> list[UUID]:
    """Whose recovery has this number, or whose recovery address or phone this is."""
    found: list[UUID] = []
    if sought.number is not None:
        found += Case.objects.filter(pk=sought.number).values_list("customer", flat=True)
    if sought.ending:
        cases = Case.objects.alias(ending=reference.end()).filter(ending=sought.ending)
        found += cases.values_list("customer", flat=True)[:_SOME]
    if sought.address or sought.phone:
        kept = RecoveryAddress.objects.kept().filter(address=sought.address or sought.phone)
        found += kept.values_list("customer", flat=True)[:_SOME]
    return found
