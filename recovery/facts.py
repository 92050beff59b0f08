"""Gathers what the policies of getting back in, and the gate, ask about."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Max, Q

from accounts import budget, device_cookie, factors
from accounts import facts as accounts
from accounts.flows import sign_in
from accounts.flows.sign_in import Browser
from accounts.models import Device, Session, User
from accounts.policy.factors import STRONG
from accounts.policy.lock import WayBack
from ciam_portal import gate
from ciam_portal.audit.actor import Actor
from ciam_portal.policy import limits
from ciam_portal.policy.assurance import Level
from ciam_portal.policy.decision import Risk
from recovery import addresses
from recovery.models import Case
from recovery.policy.cases import Asked, CaseFacts
from recovery.policy.evidence import Needed, Strength, Way, strength
from recovery.policy.states import State
from recovery.policy.waiting import Weighty

_TWO_MINUTES, _DAY = 120, 86_400


def asked(email: str, device: Device | None) -> Asked:
    """Count one more request about this address. A browser the customer uses is counted apart from strangers'."""
    who = f"{email} {device.pk if device else ''}"
    return Asked(
        in_two_minutes=budget.count("recovery", who, seconds=_TWO_MINUTES),
        in_a_day=budget.count("recovery_day", who, seconds=_DAY),
    )


def arriving(customer: User, browser: Browser, *, by: Actor, at: datetime) -> gate.Facts:
    """What the gate asks about somebody who shows, with codes, that this account is theirs.

    Compared with the customer's own history, as a sign-in would be. Wrong passwords typed before do not count: they are
    why people recover.
    """
    device = sign_in.device_of(customer, browser, at)
    seen = replace(browser.seen, device=device_cookie.token_of(browser.cookie) if device else "")
    arrived = accounts.arrival(customer, seen, device, breached=None, absurd=browser.absurd, at=at)
    bare = accounts.for_recovery(customer, device, browser.seen, absurd=browser.absurd, by=by, at=at)
    return replace(bare, evidence=arrived.evidence)


def needed(customer: User) -> Needed:
    """What has to be restored: more than a password, if the account has a second factor.

    So it is after an undo, too: there the mailbox alone must lead nowhere, whoever reads it.
    """
    lock = accounts.lock_of(customer)
    shut = lock is not None and lock.way is not WayBack.MAILBOX
    return Needed(factors=shut or bool(factors.second_factors(customer) & STRONG))


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
        ready=weighty(case, strength(shown, need)),
        proven_elsewhere_at=proven_elsewhere_at(customer, strong=need.factors),
        proposed_by=case.proposed_by,
        proposed_at=case.proposed_at,
    )


def weighty(case: Case, shown: Strength) -> Weighty | None:
    """What the wait is weighed by; None as long as it has not begun."""
    if case.cooling_since is None:
        return None
    return Weighty(
        started_at=case.cooling_since,
        strength=shown,
        risk=None if case.risk is None else Risk(case.risk),
        by_desk=case.approved_by is not None,
        contact_changed_at=addresses.changed_at(case.customer),
    )


def for_stranger(email: str, browser: Browser, *, by: Actor, at: datetime) -> gate.Facts:
    """What the gate asks about somebody who names an account; the same whether or not it exists."""
    return accounts.for_stranger(email, browser.seen, absurd=browser.absurd, by=by, at=at)


def longest_life() -> timedelta:
    """How long what belongs to a recovery must last: its key, the links that stop it.

    Begun on the last day, the wait can be the longest there is, and a change of address in it makes it begin anew.
    """
    rules = limits.running().recovery
    return timedelta(days=rules.case_days, hours=2 * rules.longest_wait_hours + rules.finish_hours)


def live_case(customer: UUID) -> Case | None:
    """The customer's recovery that can still lead somewhere."""
    return Case.objects.live().filter(customer=customer).first()
