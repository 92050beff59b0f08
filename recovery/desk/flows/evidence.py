"""What agents ask about a caller, and what comes of it: each way counts once, none takes a secret from the customer.

A code goes to a channel that was the customer's before the call and comes back by their voice; a number on file is
called; a session that was live before is asked; a document is checked by a second agent. Nothing is typed freely.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from accounts.budgets import mails
from accounts.customer import proofs
from accounts.models import Session, User
from accounts.staff.flows import people as staff
from accounts.step_up import facts as accounts
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow, require, require_action
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from recovery.addresses import facts as addresses
from recovery.case import facts
from recovery.case.flows import guesses, wait
from recovery.case.policy.evidence import Way
from recovery.desk import events, policy
from recovery.desk.flows import desk
from recovery.desk.flows.desk import AtDesk
from recovery.desk.policy import ENDS, OF_CALL, OF_DOCUMENT, AnswerFacts, InquiryFacts, Outcome
from recovery.desk.proofs import READ_BACK
from recovery.models import Case, Inquiry, Shown
from recovery.news import flows as news
from recovery.news import notices
from recovery.news.flows import Step


@flow
def ask_read_back(case: Case, channel: str, person: User, session: Session, *, by: Actor, at: datetime) -> bool:
    """Send a code to one of the customer's channels, to be read to the help desk; False if it got many already.

    Staff never see it. Raises ProveMore, OnHold, Refused.
    """
    here = _here(case, person, session, by=by, at=at)
    case, customer = here.case, here.case.customer
    found = addresses.find(customer, desk.channels(case), channel)
    _ask(here, Way.READ_BACK, found, reachable=found is not None, by=by, at=at)
    within = mails.within_budget(mails.MailFor.READ_BACK, str(case.pk))
    sent = found is not None and within and guesses.shut_until(customer, Way.READ_BACK, at) is None
    if found is not None and sent:
        code = proofs.new_code(customer, READ_BACK, case.pk, found.address, at)
        minutes = limits.current().proof.code_minutes
        asked = mails.by(mails.MailFor.READ_BACK, str(case.pk))
        notice = notices.CodeToReadBack(code=code, minutes=minutes, link=news.stop_link(case, found.address, at))
        tell(customer, notice, to=[found.address], channel=found.by, at=at, asked=asked)
    _record_asked(here, Way.READ_BACK, sent=sent, by=by, at=at)
    return sent


@flow
def read_back(case: Case, typed: str, person: User, session: Session, *, by: Actor, at: datetime) -> bool:
    """Whether what the caller read is the code. A wrong one is counted, as without help. Raises as above."""
    here = _here(case, person, session, by=by, at=at)
    case, customer = here.case, here.case.customer
    inquiry = _open_inquiry(here, Way.READ_BACK, by=by, at=at)
    if guesses.shut_until(customer, Way.READ_BACK, at) is not None:
        right, off = False, True
    else:
        is_out = proofs.awaits_code(customer, READ_BACK, case.pk, at)  # else it is a guess at nothing
        right = proofs.guess_code(customer, READ_BACK, case.pk, typed, at)
        off = is_out and guesses.count(customer, Way.READ_BACK, at, right=right)
    if right and inquiry is not None:
        _end(here, inquiry, Outcome.CONFIRMED, by=by, at=at)
    else:
        record(events.DeskMissed(case=case.pk, way=Way.READ_BACK, off=off), about=customer.pk, by=by, at=at)
    return right


@flow
def ask_call_back(case: Case, channel: str, person: User, session: Session, *, by: Actor, at: datetime) -> str:
    """Show an agent one of the numbers that were on file long before the call, to dial it. Raises as above."""
    here = _here(case, person, session, by=by, at=at)
    found = addresses.find(here.case.customer, numbers(here.case), channel)
    _ask(here, Way.CALLED_BACK, found, reachable=found is not None, by=by, at=at)
    _record_asked(here, Way.CALLED_BACK, by=by, at=at)
    return found.address if found is not None else ""


def numbers(case: Case) -> list[addresses.Destination]:
    """The numbers that may be called: pages show ``id`` and ``masked``; the number itself only to who asked for it."""
    return addresses.to_call(case.customer, case.opened_at)


def number_shown(case: Case, person: UUID, at: datetime) -> str:
    """The number that this very agent asked for a short while ago, to show it again; an empty text otherwise."""
    asked = Inquiry.objects.filter(case=case, way=Way.CALLED_BACK, outcome="", asked_by=person)
    inquiry = asked.filter(asked_at__gt=staff.lately(at)).first()
    found = addresses.find(case.customer, numbers(case), inquiry.channel) if inquiry else None
    return found.address if found else ""


@flow
def called_back(case: Case, outcome: Outcome, person: User, session: Session, *, by: Actor, at: datetime) -> Case:
    """Note what came of the call. A customer who did not call ends the case. Raises ValueError, and as above."""
    return _note(case, Way.CALLED_BACK, _one_of(outcome, OF_CALL), person, session, by=by, at=at)


@flow
def ask_document(case: Case, person: User, session: Session, *, by: Actor, at: datetime) -> Case:
    """Ask that a second agent look at an identity document. Raises as above."""
    here = _here(case, person, session, by=by, at=at)
    _ask(here, Way.DOCUMENT, None, reachable=True, by=by, at=at)
    _record_asked(here, Way.DOCUMENT, by=by, at=at)
    return here.case


@flow
def check_document(case: Case, outcome: Outcome, person: User, session: Session, *, by: Actor, at: datetime) -> Case:
    """A second agent notes what the document shows. Somebody else's ends the case. Raises ValueError, and as above."""
    return _note(case, Way.DOCUMENT, _one_of(outcome, OF_DOCUMENT), person, session, by=by, at=at)


@flow
def ask_in_session(case: Case, person: User, session: Session, *, by: Actor, at: datetime) -> Case:
    """Ask on the pages of the customer's live sessions that began before the call. Raises as above."""
    here = _here(case, person, session, by=by, at=at)
    _ask(here, Way.IN_SESSION, None, reachable=bool(facts.sessions_to_ask(here.case, at)), by=by, at=at)
    _record_asked(here, Way.IN_SESSION, by=by, at=at)
    return here.case


@flow
def answer_yes(case: Case, session: Session, *, by: Actor, at: datetime) -> Case:
    """The customer says, in a session that was live before the call, that it is they who are on the phone.

    What they say to be lost is not asked for; what they can still prove is, and it is only asked for where that is no
    weaker (``facts.may_be_asked``). Raises ProveMore, OnHold, Refused.
    """
    case = news.locked(case.pk)
    customer = case.customer
    session = Session.objects.select_related("device").get(pk=session.pk)
    inquiry = facts.asked_in(case, session, at, lock=True)
    asked = AnswerFacts(is_asked=inquiry is not None, fits=facts.is_asked(case, session, at))
    require(policy.may_answer, facts.of_case(case), asked, about=customer.pk, by=by, at=at)
    comes = replace(accounts.for_action(customer, session, by=by, at=at), highest=facts.level_left(case))
    decision = require_action(Action.ANSWER_HELP_DESK, comes, about=customer.pk, by=by, at=at)
    if inquiry is not None:
        settle(case, inquiry, Outcome.CONFIRMED, None, by=by, at=at, decision=decision)
    return case


@flow
def answer_no(case: Case, *, by: Actor, at: datetime) -> Case:
    """The customer says that it is not they: it stops at once. Raises Refused."""
    case = news.locked(case.pk)
    for inquiry in Inquiry.objects.select_for_update().filter(case=case, way=Way.IN_SESSION, outcome=""):
        settle(case, inquiry, Outcome.DENIED, None, by=by, at=at, decision=None)
    return wait.cancel_here(case, by=by, at=at)


def _here(case: Case, person: User, session: Session, *, by: Actor, at: datetime) -> AtDesk:
    return desk.at_desk(case, Action.STAFF_NOTE_EVIDENCE, person, session, by=by, at=at)


def _one_of(outcome: Outcome, known: tuple[Outcome, ...]) -> Outcome:
    if outcome not in known:
        raise ValueError(outcome.value)
    return outcome


def _ask(
    here: AtDesk, way: Way, channel: addresses.Destination | None, *, reachable: bool, by: Actor, at: datetime
) -> None:
    case = here.case
    asked = InquiryFacts(way=way, reachable=reachable)
    require(policy.may_ask, facts.of_case(case), here.helper, asked, about=case.customer_id, by=by, at=at)
    for earlier in Inquiry.objects.select_for_update().filter(case=case, way=way, outcome=""):
        earlier.end(Outcome.REPLACED, here.helper.id, at)
    Inquiry.objects.create(
        case=case, way=way, asked_by=here.helper.id, asked_at=at, channel=channel.id if channel else ""
    )


def _record_asked(here: AtDesk, way: Way, *, sent: bool = False, by: Actor, at: datetime) -> None:
    event = events.DeskAsked(case=here.case.pk, way=way, sent=sent)
    record(event, about=here.case.customer_id, by=by, at=at, decision=here.decision)


def _open_inquiry(here: AtDesk, way: Way, *, by: Actor, at: datetime) -> Inquiry | None:
    case = here.case
    inquiry = Inquiry.objects.select_for_update().filter(case=case, way=way, outcome="").first()
    asked = InquiryFacts(way=way, is_open=inquiry is not None, asked_by=inquiry.asked_by if inquiry else None)
    require(policy.may_note, facts.of_case(case), here.helper, asked, about=case.customer_id, by=by, at=at)
    return inquiry


def _note(case: Case, way: Way, outcome: Outcome, person: User, session: Session, *, by: Actor, at: datetime) -> Case:
    here = _here(case, person, session, by=by, at=at)
    inquiry = _open_inquiry(here, way, by=by, at=at)
    if inquiry is not None:
        _end(here, inquiry, outcome, by=by, at=at)
    if outcome in ENDS:
        desk.end(here.case, ENDS[outcome], by=by, at=at, decision=here.decision)
    return here.case


def _end(here: AtDesk, inquiry: Inquiry, outcome: Outcome, *, by: Actor, at: datetime) -> None:
    settle(here.case, inquiry, outcome, here.helper.id, by=by, at=at, decision=here.decision)


def settle(
    case: Case,
    inquiry: Inquiry,
    outcome: Outcome,
    noted_by: UUID | None,
    *,
    by: Actor,
    at: datetime,
    decision: UUID | None,
) -> None:
    """This came of it; what was confirmed counts, once. Part of the flow that has decided."""
    way = Way(inquiry.way)
    inquiry.end(outcome, noted_by, at)
    record(
        events.DeskNoted(case=case.pk, way=way, outcome=outcome),
        about=case.customer_id,
        by=by,
        at=at,
        decision=decision,
    )
    if outcome is not Outcome.CONFIRMED:
        return
    _row, is_new = Shown.objects.get_or_create(case=case, way=way, defaults={"at": at, "by": noted_by})
    if is_new:
        news.announce(case, Step.DESK_SHOWN, at=at)
