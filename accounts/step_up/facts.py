"""Gathers the facts that accounts' policies and the gate ask about."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _

from accounts.baseline import history
from accounts.budgets import velocity
from accounts.customer import addresses
from accounts.factors import bound as factors
from accounts.lock.policy import LockFacts, WayBack, is_ajar
from accounts.models import Device, Dispute, Session, User
from accounts.sign_in.policy import SignInFacts
from accounts.step_up import identity
from ciam_portal.core import gate, mailbox, network, places
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import MORE_THAN_A_PASSWORD, Assurance, Level, Method, level_of
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Deny, Hold, Risk
from ciam_portal.core.risk.evidence import Evidence
from ciam_portal.core.risk.signals import Pace, Past, Signals
from ciam_portal.core.risk.signals import seen as shown
from ciam_portal.core.risk.visit import Visit

_LOOKED_AT = 20  # disputes of one customer, latest first
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody at the door, beside what is known of the customer they say they are."""

    visit: Visit
    device: Device | None
    evidence: Evidence | None
    signals: Signals
    remembered: history.Remembered | None = None


def at_the_door(customer: User, proven: Iterable[Method]) -> SignInFacts:
    """The state of the account and what was just proven."""
    return SignInFacts(
        is_active=customer.is_active,
        address_proven=addresses.is_proven(customer),
        proven=tuple(proven),
        lock=lock_of(customer),
        suspended_until=customer.suspended_until,
        is_staff=customer.is_staff,
    )


def lock_of(customer: User) -> LockFacts | None:
    """What is known of the lock on this account; None if there is none, which costs no statement."""
    if customer.locked_at is None:
        return None
    restored = customer.recovered_at is not None and customer.recovered_at >= customer.locked_at
    return LockFacts(WayBack(customer.way_back), restored, has_factor=bool(factors.second_factors(customer)))


def is_looked_at(customer: User, at: datetime) -> bool:
    """Whether a sign-in of this customer is assessed at all. Any other looks like a wrong password."""
    lock = lock_of(customer)
    return customer.is_active and not customer.is_suspended(at) and (lock is None or is_ajar(lock))


def arrival(
    customer: User, seen: history.Seen, device: Device | None, *, breached: bool | None, absurd: bool, at: datetime
) -> Arrival:
    """What this sign-in shows, compared with the customer's own history and with everybody's."""
    visit = history.visit_of(seen)
    compared = history.read(customer.pk, visit, at, history.former_of(seen))
    source = source_of(customer.email, seen)
    if compared and compared.evidence.in_new_network:
        velocity.newcomer(source, at)
    pace = velocity.pace(source, at)
    # Whatever of history and counts is missing: what cannot be compared completely is not known, and that is not low.
    evidence = compared.evidence if compared and pace else None
    signals = replace(
        shown(surroundings(customer, device, at), evidence, pace or Pace(), compared.past if compared else Past()),
        password_breached=breached,
        blocklisted=places.blocklisted(seen.address, seen.asn),
        device_elsewhere=(device.browser, device.system) != (seen.browser, seen.system) if device else None,
        agent_absurd=absurd,
    )
    return Arrival(visit, device, evidence, signals, compared.remembered if compared else None)


def source_of(email: str, seen: history.Seen) -> velocity.Source:
    """Under what an attempt is counted."""
    return velocity.Source(
        account=velocity.pseudonym(mailbox.named(email), "account"),
        address=history.hidden("address", network.source(seen.address)),  # as sessions keep it: jobs look it up
        asn=velocity.pseudonym(str(seen.asn or ""), "asn"),
    )


def for_sign_in(customer: User, proven: tuple[Method, ...], arrived: Arrival, *, by: Actor, at: datetime) -> gate.Facts:
    """What the gate asks about a sign-in in which so much was proven just now.

    Locks and suspensions are the door's business.
    """
    return of_arrival(customer, proven, arrived, highest=factors.highest_level(customer), by=by, at=at)


def of_arrival(
    customer: User, proven: tuple[Method, ...], arrived: Arrival, *, highest: Level, by: Actor, at: datetime
) -> gate.Facts:
    """The same, of a customer who can prove so much at most. No statement."""
    return gate.Facts(
        channel=by.channel,
        account_active=customer.is_active,
        session_live=None,
        assurance=Assurance(level_of(proven), at),
        highest=highest,
        challenged_at=at if MORE_THAN_A_PASSWORD & set(proven) else None,
        device=gate.Trust.NONE if arrived.signals.device_elsewhere else trust(arrived.device, at),
        device_known_at=arrived.device.known_at if arrived.device else None,
        evidence=arrived.evidence,
        signals=arrived.signals,
        step_up_until=customer.step_up_until,
    )


def vouched_until(customer: User) -> datetime | None:
    """Until when the help desk's word counts that holding this customer's sign-in was too careful. Two statements.

    It ends once anything is said not to have been the customer, by them or by the desk.
    """
    found = list(Dispute.objects.filter(customer=customer).order_by("-opened_at")[:_LOOKED_AT])
    doubts = [row.doubted_at for row in found if row.doubted_at]
    closed = {
        row.decision: row.closed_at
        for row in found
        if row.outcome == Dispute.Outcome.MISTAKEN and row.closed_at and row.closed_at > max(doubts, default=_NEVER)
    }
    held = DecisionEntry.objects.filter(pk__in=list(closed), action=Action.SIGN_IN, answer="hold")
    latest = max((closed[key] for key in held.values_list("pk", flat=True)), default=None)
    return latest and latest + timedelta(hours=limits.current().disputes.vouched_hours)


def for_stranger(
    email: str, seen: history.Seen, *, absurd: bool, own: bool = False, by: Actor, at: datetime
) -> gate.Facts:
    """What the gate asks about somebody without a session who names an account; the same whether or not it exists.

    ``own``: from a browser that this customer uses, or reads the mail in: what others do at its address is not its own.
    """
    pace = (None if own else velocity.pace(source_of(email, seen), at)) or Pace()
    return gate.Facts(
        channel=by.channel,
        session_live=None,
        signals=Signals(
            failures_from_address=pace.failures_from_address,
            accounts_from_address=pace.accounts_from_address,
            blocklisted=places.blocklisted(seen.address, seen.asn),
            agent_absurd=absurd,
        ),
    )


def for_recovery(
    customer: User, device: Device | None, seen: history.Seen, *, absurd: bool, by: Actor, at: datetime
) -> gate.Facts:
    """What the gate asks about somebody who shows, with the link we mailed, that they read the customer's mail.

    Neither wrong passwords typed before nor a recovery just before count against them: they are why people recover.
    What others do at the same address does not either.
    """
    return gate.Facts(
        channel=by.channel,
        account_active=customer.is_active,
        session_live=None,
        highest=factors.highest_level(customer),
        challenged_at=at,
        device=trust(device, at),
        device_known_at=device.known_at if device else None,
        signals=replace(
            surroundings(customer, device, at),
            recovered_seconds=None,
            blocklisted=places.blocklisted(seen.address, seen.asn),
            device_elsewhere=(device.browser, device.system) != (seen.browser, seen.system) if device else None,
            agent_absurd=absurd,
        ),
    )


def for_action(customer: User, session: Session | None, *, by: Actor, at: datetime) -> gate.Facts:
    """What the gate asks about an action in a session, as both rows stand now."""
    if session is None:
        return gate.Facts(channel=by.channel, account_active=customer.is_open_at(at))
    idle = timedelta(minutes=limits.current().session.idle_minutes)
    return replace(
        for_token(customer, session, by=by, at=at),
        session_live=session.is_live(at, idle) and session.customer_id == customer.pk,
        highest=factors.highest_level(customer),
    )


def for_token(customer: User, session: Session, *, by: Actor, at: datetime) -> gate.Facts:
    """What the gate asks about a token that hangs from a session. No statement, if the session came with its device.

    Consent says if a token outlives its session: the browser's idle time ends none. ``highest`` is for ``assessed``.
    """
    device = session.device
    return replace(
        of_account(customer, device, at),
        channel=by.channel,
        session_live=session.customer_id == customer.pk,
        assurance=session.assurance,
        challenged_at=session.challenged_at,
        recognized_at=session.recognized_at,
        device=trust(device, at),
        device_known_at=device.known_at if device else None,
        standing=None if session.risk is None else Risk(session.risk),
    )


def for_delegate(owner: User, delegate: User, session: Session | None, *, by: Actor, at: datetime) -> gate.Facts:
    """What the gate asks when somebody acts for ``owner`` in a session of their own: of both accounts the stricter."""
    return for_action(delegate, session, by=by, at=at).for_owner(of_account(owner, None, at))


def of_account(customer: User, device: Device | None, at: datetime) -> gate.Facts:
    """What an account says by itself, whoever asks: its owner on this device, or somebody for them. No statement."""
    return gate.Facts(
        account_active=customer.stands,
        identity=identity.of(customer, at),
        signals=surroundings(customer, device, at),
        quarantine_until=quarantine_until(customer),
        suspended_until=customer.suspended_until,
        step_up_until=customer.step_up_until,
    )


def quarantine_until(customer: User) -> datetime | None:
    """When the wait after the latest recovery ends, or ended; None if access was never restored without signing in."""
    restored = customer.recovered_at
    return None if restored is None else restored + timedelta(hours=limits.current().recovery.quarantine_hours)


def quarantine_words(customer: User, at: datetime) -> str:
    """Until when some things have to wait, in the customer's own time, for a page; nothing once it is over."""
    until = quarantine_until(customer)
    return customer.local(until) if until is not None and at < until else ""


def held(customer: User, session: Session, *actions: Action, by: Actor, at: datetime) -> dict[str, str]:
    """What of this could not be done now, whatever is proven, and until when, in words for a page. One statement.

    A look, which decides nothing: the page or flow behind each of them asks for itself.
    """
    rules, asked = limits.current(), for_action(customer, session, by=by, at=at)
    answers = {action: gate.decide(action, asked, limits=rules, at=at) for action in actions}
    ends = {action: getattr(each, "until", None) for action, each in answers.items() if isinstance(each, Hold | Deny)}
    return {
        action.value: _("On hold until %(until)s") % {"until": customer.local(until)} if until else _("On hold for now")
        for action, until in ends.items()
    }


def assessed(action: str, facts: gate.Facts, customer: User, at: datetime) -> tuple[gate.Facts, gate.Assessed]:
    """What the gate answers to a token, and about which facts.

    They say the most that the customer can prove, which costs a statement, only if the answer rests on it.
    """
    rules = limits.current()
    least, most = (
        gate.assess(action, replace(facts, highest=level), limits=rules, at=at) for level in (Level.NONE, Level.PHR)
    )
    if least.decision == most.decision:
        return facts, least
    facts = replace(facts, highest=factors.highest_level(customer))
    return facts, gate.assess(action, facts, limits=rules, at=at)


def trust(device: Device | None, at: datetime) -> gate.Trust:
    """How well the device is known to its customer."""
    if device is None or not device.is_live(at):
        return gate.Trust.NONE
    return gate.Trust.KNOWN if at >= device.known_at else gate.Trust.NEW


def surroundings(customer: User, device: Device | None, at: datetime) -> Signals:
    """What the account and the device say by themselves, without a look at anything else."""
    return Signals(
        account_age_seconds=_since(customer.created_at, at),
        recovered_seconds=_since(customer.recovered_at, at),
        contact_changed_seconds=_since(customer.contact_changed_at, at),
        device_known=device is not None and device.is_live(at),
        # A device that has proven itself is not fresh, however young: the one the account was made in, for example.
        device_age_seconds=_since(device.first_seen_at, at) if device and at < device.known_at else None,
    )


def _since(then: datetime | None, at: datetime) -> float | None:
    return None if then is None else max(0.0, (at - then).total_seconds())
