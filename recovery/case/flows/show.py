"""Asking for a code, and showing something: the first right answer opens the recovery, enough of them prove it.

Nothing is opened, and nobody is told, before something was shown: a stranger who types an address causes one mail, no
more. Only when contacts are asked is the customer told at once, for they are other people. Every answer is the same for
an address without an account.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.budgets import mails
from accounts.customer import addresses as accounts
from accounts.customer import proofs
from accounts.factors import bound
from accounts.factors import flows as factor_flows
from accounts.factors import verifier as factors
from accounts.factors.policy import STRONG
from accounts.factors.verifier import Outcome
from accounts.models import User
from accounts.sign_in.flows import Browser
from accounts.step_up.flows import by_stranger
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.crypto import codes
from ciam_portal.core.errors import Refused, TooMany
from ciam_portal.core.flow import flow, require
from ciam_portal.core.outbox.notice import Asked, Medium
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Allow
from recovery.addresses import facts as addresses
from recovery.case import events, facts
from recovery.case.flows import guesses
from recovery.case.policy import cases
from recovery.case.policy.evidence import FACTORS, Way
from recovery.case.policy.states import State, Verb
from recovery.case.proofs import RECOVER
from recovery.contacts.flows import vouch
from recovery.models import Case, Shown
from recovery.news import flows as news
from recovery.news import notices
from recovery.news.flows import Step

SENT = (Way.MAIL, Way.SMS, Way.CONTACT)
_KEY = "recovery key"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One browser's try at getting back in: the account it names, its own key, the kinds of factors it has lost."""

    email: str
    key: str
    lost: tuple[Method, ...]

    def bound(self, way: Way) -> UUID:
        """To what a code of this way is bound: this browser's try alone."""
        return UUID(codes.handle(f"{self.key}:{way}", "recovery attempt"))


def case_of(key: str) -> Case | None:
    """The newest recovery that the browser with this key began, whatever became of it."""
    if not key:
        return None
    rows = Case.objects.select_related("customer").filter(key_digest__in=codes.digests(key, _KEY))
    return rows.order_by("-opened_at").first()


def digest_of(key: str) -> str:
    """What a case keeps of the key in the browser that can finish it."""
    return codes.digest(key, _KEY)


def holds(case: Case, key: str) -> bool:
    """Whether the browser with this key began the case."""
    return bool(case.key_digest) and codes.matches(key, _KEY, case.key_digest)


def _owner(email: str) -> User | None:
    found = User.objects.filter(email=email, is_active=True).first()
    return found if found is not None and accounts.is_proven(found) else None


def bucket_of(email: str, owner: User | None) -> Code:
    """What the audit keeps of the address that was typed; of one that has an account, only as long as there is one."""
    return Code(codes.kept_of(owner.evidence_key, email, "bucket") if owner else codes.pseudonym(email, "lane"))


@flow
def ask(attempt: Attempt, way: Way, browser: Browser, *, by: Actor, at: datetime) -> None:
    """Send a code to what the customer has proven; nobody outside can tell whether one went out.

    Raises TooMany or Refused, by how often and from where it is asked alone.
    """
    customer = _owner(attempt.email)
    about = customer.pk if customer else None
    by_stranger(Action.START_RECOVERY, attempt.email, browser, about=about, by=by, at=at)  # refused: nothing is used up
    mails.take_from(browser.bucket)
    asked = facts.asked(attempt.email, browser.own)
    try:
        require(cases.may_open, asked, about=about, by=by, at=at)
    except Refused as refused:
        wait = facts.asked_again_in(asked, attempt.email, browser.own)
        raise TooMany(refused.reason, retry_after=wait) from None
    sent = customer is not None and way in SENT and _send(customer, attempt, way, browser, at)
    record(
        events.RecoveryAsked(bucket=bucket_of(attempt.email, customer), way=way, sent=sent), about=about, by=by, at=at
    )


def _send(customer: User, attempt: Attempt, way: Way, browser: Browser, at: datetime) -> bool:
    # Counted as such requests are: a browser that the customer uses, apart from strangers'.
    own, asked = browser.own, mails.by(mails.MailFor.RECOVER, browser.bucket)
    until = guesses.shut_until(customer, way, at)
    if until is not None:
        _say_shut(customer, way, until, own, asked=asked, at=at)
        return False
    if way is Way.CONTACT:
        return vouch.send(customer, attempt.bound(way), own, asked, at)
    every = addresses.for_codes(customer, way, at)
    told = [address for address in every if mails.within_budget(mails.MailFor.RECOVER, f"{address} {own}")]
    if not told:
        return False
    code = proofs.new_code(customer, RECOVER, attempt.bound(way), told[0], at)
    notice = notices.CodeToRecover(code=code, minutes=limits.current().proof.code_minutes)
    tell(customer, notice, to=told, channel=Medium(way.value), at=at, asked=asked)
    return True


def _say_shut(customer: User, way: Way, until: datetime, own: str, *, asked: Asked, at: datetime) -> None:
    """Where the page cannot say it to whoever asks, its owner hears it. No more often than codes would be sent."""
    if mails.within_budget(mails.MailFor.RECOVER, f"{customer.pk} {way} {own}"):
        news.announce_shut(customer, way, until=until, asked=asked, at=at)


@flow
def show(attempt: Attempt, way: Way, answer: str | factors.Answer, *, by: Actor, at: datetime) -> Case | None:
    """Look at an answer. A right one counts in this browser's recovery, which it opens; None for a wrong one.

    A factor is looked at only once a code was shown: nobody who merely knows an address can wear it out.
    Raises Refused if another recovery is on its way already.
    """
    customer = _owner(attempt.email)
    if customer is None:
        record(events.RecoveryMissed(bucket=bucket_of(attempt.email, None), way=way), about=None, by=by, at=at)
        return None
    customer = User.objects.locked(customer.pk)
    live = Case.objects.live().select_for_update().filter(customer=customer).first()
    mine = live if live is not None and holds(live, attempt.key) else None
    if not _is_right(customer, mine, attempt, way, answer, by=by, at=at):
        return None
    if mine is None:
        mine = _open(customer, live, attempt, by=by, at=at)
    mine.customer = customer
    require(cases.may_show, facts.of_case(mine), about=customer.pk, by=by, at=at)
    _count(mine, way, by=by, at=at)
    now = facts.of_case(mine)
    if isinstance(cases.may_prove(now, limits=limits.current(), at=at), Allow):
        require(cases.may_prove, now, about=customer.pk, by=by, at=at)
        news.advance(mine, Verb.PROVE, at)
    return mine


def _is_right(
    customer: User,
    case: Case | None,
    attempt: Attempt,
    way: Way,
    answer: str | factors.Answer,
    *,
    by: Actor,
    at: datetime,
) -> bool:
    bucket = bucket_of(attempt.email, customer)
    if case is None and way in FACTORS:
        record(events.RecoveryMissed(bucket=bucket, way=way), about=customer.pk, by=by, at=at)
        return False
    until = guesses.shut_until(customer, way, at)
    if until is not None:
        if case is None:
            _say_shut(
                customer, way, until, "", asked=mails.by(mails.MailFor.RECOVER, attempt.key, stranger=True), at=at
            )
        record(events.RecoveryMissed(bucket=bucket, way=way, off=True), about=customer.pk, by=by, at=at)
        return False
    issued = _is_issued(customer, case, attempt, way, at)
    right = _check(customer, attempt, way, answer, by=by, at=at)
    off = (issued or right) and guesses.count(customer, way, at, right=right)
    if off:
        shut = guesses.shut_until(customer, way, at)
        news.announce_shut(customer, way, until=shut or at, at=at)
    if not right:
        record(events.RecoveryMissed(bucket=bucket, way=way, off=off), about=customer.pk, by=by, at=at)
    return right


def _is_issued(customer: User, case: Case | None, attempt: Attempt, way: Way, at: datetime) -> bool:
    """Whether a wrong answer is a guess at something that this browser was given: its code, or its case.

    Wrong backup codes and passkeys are limited by where they come from alone (``guesses``).
    """
    return proofs.awaits_code(customer, RECOVER, attempt.bound(way), at) if way in SENT else case is not None


def _check(
    customer: User, attempt: Attempt, way: Way, answer: str | factors.Answer, *, by: Actor, at: datetime
) -> bool:
    if not isinstance(answer, str):
        return way is Way.PASSKEY and factor_flows.answer_with_passkey(customer, answer, by=by, at=at) is not None
    match way:
        case Way.MAIL | Way.SMS | Way.CONTACT:
            return proofs.guess_code(customer, RECOVER, attempt.bound(way), answer, at)
        case Way.SAVED:
            checked = factor_flows.answer_with_backup_code(customer, answer, by=by, at=at)
            return checked.outcome is Outcome.RIGHT
        case Way.APP:
            checked = factor_flows.answer_with_app(customer, answer, f"recovery {attempt.bound(way)}", by=by, at=at)
            return checked.outcome is Outcome.RIGHT
    return False


def _open(customer: User, live: Case | None, attempt: Attempt, *, by: Actor, at: datetime) -> Case:
    if live is not None:
        # One in which too little was shown gives way to whoever shows something; any other has to be stopped first,
        # the help desk's too: who reads the mail must not silence it while its customer is on the phone.
        if live.state != State.OPEN or live.opened_by is not None:
            raise Refused(cases.Reason.ALREADY_RUNNING)
        live.customer = customer
        news.replace(live, by=by, at=at)
    held = bound.second_factors(customer) & STRONG
    case = Case.objects.create(
        customer=customer,
        state=State.OPEN,
        lost=sorted(method.value for method in held & (frozenset(attempt.lost) | factors.switched_off(customer))),
        key_digest=digest_of(attempt.key),
        opened_at=at,
    )
    record(events.RecoveryOpened(case=case.pk), about=customer.pk, by=by.known_as(customer.pk), at=at)
    news.announce(case, Step.OPENED, at=at)
    return case


def _count(case: Case, way: Way, *, by: Actor, at: datetime) -> None:
    is_first = not case.shown.exists()
    _row, is_new = Shown.objects.get_or_create(case=case, way=way, defaults={"at": at})
    event = events.RecoveryShown(case=case.pk, way=way, again=not is_new)
    record(event, about=case.customer_id, by=by.known_as(case.customer_id), at=at)
    if is_new and not is_first:
        news.announce(case, Step.SHOWN, at=at)
