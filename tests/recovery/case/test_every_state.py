"""Every state of an account: a way back for its owner, and none for each attacker of the README's table.

Nothing here decides: what somebody can show is handed to the policies themselves, one step after the other, until a
recovery is finished or none of them leads on. What they do with it on real rows stands in ``test_attackers.py`` and
``desk/``.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import chain, combinations, product
from uuid import UUID

import pytest

from accounts.factors.policy import highest
from accounts.lock import policy as locks
from accounts.lock.policy import LockFacts, WayBack
from ciam_portal.core.policy import limits as limits_module
from ciam_portal.core.policy.assurance import Level, Method
from ciam_portal.core.policy.decision import Allow, Decision, Risk
from recovery.case.policy import cases
from recovery.case.policy.cases import CaseFacts, Helper
from recovery.case.policy.evidence import Needed, Strength, Way, can_answer, strength
from recovery.case.policy.states import State
from recovery.case.policy.waiting import Weighty, earliest_completion
from recovery.desk import policy as desk
from recovery.desk.policy import InquiryFacts, LinkFacts

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LIMITS = limits_module.load()
OPENER, CHECKER = UUID(int=1), UUID(int=2)
APPROVERS = [Helper(UUID(int=key), is_approver=True, is_customer=False, acts_here=True) for key in (3, 4)]
FACTORS = {Method.TOTP: Way.APP, Method.PASSKEY: Way.PASSKEY}


@dataclass(frozen=True)
class Account:
    """What an account rests on. ``lock``: what leads back, if it is locked."""

    factors: frozenset[Method] = frozenset()
    phone: bool = False
    contacts: int = 0
    codes: bool = False
    lock: WayBack | None = None
    changed_at: datetime | None = None
    risk: Risk | None = None

    @property
    def needed(self) -> Needed:
        shut = self.lock not in {None, WayBack.MAILBOX}
        return Needed(factors=shut or bool(self.factors), factors_count=self.lock is not WayBack.RECOVERY)


@dataclass(frozen=True)
class Somebody:
    """What somebody has of an account. ``document``: one that two honest agents take for its owner's.

    ``bribed``: an agent who notes whatever is asked.
    """

    mailbox: bool = False
    phone: bool = False
    password: bool = False
    session: bool = False
    contacts: int = 0
    codes: bool = False
    factors: frozenset[Method] = frozenset()
    document: bool = False
    bribed: bool = False
    patience: timedelta = field(default=timedelta(days=3650))


def yes(answer: Decision) -> bool:
    return isinstance(answer, Allow)


def signs_in(account: Account, who: Somebody) -> bool:
    """With the password, or with one set anew by mail; a lock opens as its policy says."""
    held = who.factors & account.factors or (who.codes and account.codes and account.factors)
    enough = bool(held) or not account.factors
    if account.lock is None:
        return (who.password or who.mailbox) and enough
    after_reset = LockFacts(account.lock, restored=who.mailbox, has_factor=bool(account.factors))
    by_mail = yes(locks.may_unlock_by_mail(after_reset, limits=LIMITS, at=NOON))
    return by_mail or (locks.is_ajar(after_reset) and bool(held))


def alone(account: Account, who: Somebody) -> bool:
    """A recovery without help: all that can be shown, the wait, the finish."""
    has = {
        Way.MAIL: who.mailbox,
        Way.SMS: who.phone and account.phone,
        Way.SAVED: who.codes and account.codes,
        Way.CONTACT: bool(min(who.contacts, account.contacts)),
        **{way: factor in who.factors & account.factors for factor, way in FACTORS.items()},
        Way.PASSWORD: who.password,
    }
    shown = tuple(way for way, there in has.items() if there)
    case = CaseFacts(State.OPEN, NOON, shown, account.needed, account_active=True)
    if not shown or not yes(cases.may_prove(case, limits=LIMITS, at=NOON)):
        return False
    return finishes(replace(case, state=State.PROVEN), account, who, by_desk=False)


def helped(account: Account, who: Somebody) -> bool:
    """With the help desk, whose approvers agree to whatever is proposed to them."""
    lost = account.factors - who.factors
    left = highest(account.factors & who.factors, has_password=True)
    channel = who.mailbox or (who.phone and account.phone)
    answers = who.session and account.needed.factors and can_answer(left, highest(lost, has_password=True))
    first = Helper(OPENER, is_agent=True, is_customer=False, acts_here=True, has_opened=True)
    case = CaseFacts(
        State.OPEN, NOON, (), account.needed, account_active=True, opened_by=OPENER, proposer_stands=True,
        told_apart=True, approver_stands=True,
    )  # fmt: skip
    for way, there, noter in (
        (Way.READ_BACK, channel, OPENER),
        (Way.CALLED_BACK, who.bribed or (account.phone and who.phone), OPENER),
        (Way.DOCUMENT, who.document, CHECKER),
        (Way.DOCUMENT, who.bribed, OPENER),
        (Way.IN_SESSION, answers, None),
    ):
        asked = InquiryFacts(way, reachable=there, is_open=there, asked_by=OPENER)
        noted = noter is None or yes(desk.may_note(case, replace(first, id=noter), asked, limits=LIMITS, at=NOON))
        if noted and yes(desk.may_ask(case, first, asked, limits=LIMITS, at=NOON)):
            by = case.noted_by if noter is None else (*case.noted_by, noter)
            case = replace(case, shown=(*case.shown, way), noted_by=by)
    if not yes(cases.may_propose(replace(case, channel_stands=channel), first, limits=LIMITS, at=NOON)):
        return False
    case = replace(case, state=State.PROPOSED, proposed_by=OPENER, proposed_at=NOON)
    for approver in APPROVERS:
        if not yes(cases.may_approve(case, approver, limits=LIMITS, at=NOON)):
            return False
        last = cases.is_last(case, limits=LIMITS)
        case = replace(case, approved_by=approver.id)
        if last:
            return finishes(replace(case, state=State.APPROVED), account, who, by_desk=True) and channel
    return False


def finishes(case: CaseFacts, account: Account, who: Somebody, *, by_desk: bool) -> bool:
    """The wait begins, somebody has patience, and it can still be finished then."""
    if not yes(cases.may_cool_off(case, limits=LIMITS, at=NOON)):
        return False
    shown = strength(case.shown, case.needed)
    assert by_desk or shown is not Strength.NONE
    ready = Weighty(NOON, shown, account.risk, by_desk=by_desk, slowly=True, contact_changed_at=account.changed_at)
    waits = replace(case, state=State.COOLING_OFF, ready=ready)
    until = earliest_completion(ready, limits=LIMITS)
    if until - NOON > who.patience:
        return False
    if by_desk and not yes(desk.may_claim(waits, LinkFacts(is_live=True, stands=True), limits=LIMITS, at=until)):
        return False
    return yes(cases.may_complete(waits, limits=LIMITS, at=until))


WAYS = {"sign-in": signs_in, "alone": alone, "helped": helped}


def ways_in(account: Account, who: Somebody) -> list[str]:
    """All of them."""
    return [name for name, way in WAYS.items() if way(account, who)]


def gets_in(account: Account, who: Somebody) -> bool:
    """By any of them."""
    return any(way(account, who) for way in WAYS.values())


def sets(kinds: tuple[Method, ...]) -> list[frozenset[Method]]:
    return [frozenset(each) for each in chain.from_iterable(combinations(kinds, n) for n in range(len(kinds) + 1))]


def accounts() -> Iterator[Account]:
    """All of them."""
    every = product(
        sets((Method.TOTP, Method.PASSKEY)),
        (False, True),
        (0, 1, 3),
        (False, True),
        (None, *WayBack),
        (None, NOON - timedelta(hours=1), NOON - timedelta(days=400)),
        (None, *Risk),
    )
    return (Account(*each) for each in every if each[3] <= bool(each[0]))  # backup codes only beside a factor


def owners(account: Account) -> Iterator[Somebody]:
    """Whatever is lost to them, as long as they read one address and can show who they are."""
    for held, password, session, codes, contacts in product(
        sets(tuple(account.factors)), (False, True), (False, True), {False, account.codes}, {0, account.contacts}
    ):
        has = Somebody(password=password, session=session, codes=codes, contacts=contacts, factors=held, document=True)
        yield replace(has, mailbox=True)
        if account.phone:
            yield replace(has, phone=True)


@pytest.mark.control("v5.0.0-6.4.3", "v5.0.0-6.4.4", "63B 4.2.2.2")
def test_every_owner_who_reads_one_address_gets_back_in_from_every_state() -> None:
    stuck = [(account, who) for account in accounts() for who in owners(account) if not gets_in(account, who)]
    assert not stuck, stuck[:3]


def test_whoever_reads_none_of_their_addresses_needs_what_signs_in_or_a_code_and_a_factor() -> None:
    """The limit, which the README names: nobody, staff included, could tell such an owner from a stranger."""
    for account in accounts():
        for who in owners(account):
            blind = replace(who, mailbox=False, phone=False)
            if account.needed.factors and gets_in(account, blind):
                kinds = bool(blind.factors), blind.codes, bool(blind.contacts), blind.password
                assert sum(kinds) >= 2, (account, blind)


def test_the_longest_way_takes_no_longer_than_the_policy_says() -> None:
    longest = timedelta(hours=2 * LIMITS.recovery.longest_wait_hours)
    for account in accounts():
        slow = Somebody(mailbox=True, document=True, patience=longest)
        assert gets_in(account, slow), account


ATTACKERS = {
    "mailbox": Somebody(mailbox=True),
    "mailbox and password": Somebody(mailbox=True, password=True),
    "SIM": Somebody(phone=True),
    "mailbox and SIM": Somebody(mailbox=True, phone=True),
    "session": Somebody(session=True),
    "session and password": Somebody(session=True, password=True),
    "contacts": Somebody(contacts=3),
    "contacts and password": Somebody(contacts=3, password=True),
    "agent": Somebody(bribed=True),
    "agent, session, password": Somebody(bribed=True, session=True, password=True),
    "agent, mailbox": Somebody(bribed=True, mailbox=True),
    "agent, mailbox, SIM": Somebody(bribed=True, mailbox=True, phone=True),
    "agent, mailbox, SIM, session, password": Somebody(
        bribed=True, mailbox=True, phone=True, session=True, password=True
    ),
    "forged document": Somebody(document=True),
    "forged document, session, password": Somebody(document=True, session=True, password=True),
    "patience": Somebody(),
}


@pytest.mark.control("v5.0.0-6.4.4", "v5.0.0-2.3.5", "63B 4.2.2.2")
@pytest.mark.parametrize("who", ATTACKERS.values(), ids=ATTACKERS)
def test_no_attacker_gets_into_an_account_that_rests_on_more_than_a_mailbox(who: Somebody) -> None:
    came = [(account, ways) for account in accounts() if account.needed.factors and (ways := ways_in(account, who))]
    assert not came, came[:3]


def test_an_account_that_rests_on_a_mailbox_alone_opens_to_no_agent_session_or_patience() -> None:
    """It opens to whoever reads an address or knows its password, who has all that there is to have."""
    for account in accounts():
        for name, who in ATTACKERS.items():
            if not account.needed.factors and gets_in(account, who):
                assert who.mailbox or who.phone or who.password or who.contacts, name
            if account.lock is not None and not (who.mailbox or who.phone or who.contacts):
                assert not gets_in(account, who), (account, name)


@pytest.mark.parametrize("rule", ["an agent's own notes count", "an answer with the password counts"])
def test_the_walk_sees_what_either_rule_keeps_out(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    account, who = Account(frozenset({Method.TOTP})), ATTACKERS["agent, mailbox, SIM, session, password"]
    assert not gets_in(account, who)
    if rule == "an agent's own notes count":
        monkeypatch.setattr("recovery.case.policy.evidence.ALONE", frozenset())
    else:
        monkeypatch.setitem(globals(), "can_answer", lambda left, lost: left >= Level.AAL1 <= lost)
    assert ways_in(account, who) == ["helped"]
