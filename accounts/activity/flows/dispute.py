"""Asking the help desk to look at something, and the help desk's answer. Neither changes the account or a decision."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from accounts.activity import events, notices, policy
from accounts.customer import addresses
from accounts.models import Dispute, Session, User
from ciam_portal.core import gate, links, reference
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow, require
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy.assurance import Assurance
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.question import name_of
from ciam_portal.core.roles import roles_of

_A_DAY = timedelta(hours=24)


@flow
def contest(customer: User, decision: DecisionEntry, *, by: Actor, at: datetime) -> Dispute:
    """The customer does not agree with what stopped them. Raises Refused: not theirs, not stopped, again, too many."""
    customer = User.objects.locked(customer.pk)
    facts = contest_facts(customer, decision, at)
    return ask(customer, decision.pk, facts, by=by, at=at)


def contest_facts(customer: User, decision: DecisionEntry, at: datetime) -> policy.ContestFacts:
    """What the policy asks about a decision that a customer would contest. Somebody else's is nothing to contest."""
    by_the_gate = decision.about == customer.pk and decision.question == name_of(gate.decide)
    found = asked_of(customer, decision.pk, decision.answer, at, by_the_gate=by_the_gate)
    return replace(found, already_asked=found.already_asked or _asked_at_the_door(customer, decision))


def _asked_at_the_door(customer: User, decision: DecisionEntry) -> bool:
    """Whether the desk looks at a sign-in of theirs already: whoever has the password asks about one at a time."""
    if decision.action != Action.SIGN_IN:
        return False
    waiting = Dispute.objects.filter(customer=customer, state=Dispute.State.OPEN).values("decision")
    return DecisionEntry.objects.filter(pk__in=waiting, action=Action.SIGN_IN).exists()


def asked_of(
    customer: User, decision: UUID | None, answer: str, at: datetime, *, by_the_gate: bool
) -> policy.ContestFacts:
    """The same about anything that stopped a customer: how it was answered, and what was contested already."""
    return policy.ContestFacts(
        answer=answer,
        by_the_gate=by_the_gate,
        already_asked=Dispute.objects.filter(decision=decision).exists(),
        opened_today=Dispute.objects.opened_since(customer.pk, at - _A_DAY).count(),
    )


def ask(customer: User, decision: UUID | None, facts: policy.ContestFacts, *, by: Actor, at: datetime) -> Dispute:
    """The customer puts it to the help desk, if they may. Part of a flow, which has locked the customer."""
    require(policy.may_contest, facts, about=customer.pk, by=by, at=at)
    dispute = open_one(customer, Dispute.Kind.CONTESTED, decision=decision, by=by, at=at)
    notice = notices.DisputeOpened(
        number=reference.of(decision), password_link=links.absolute("account_reset_password")
    )
    tell(customer, notice, to=addresses.proven(customer), at=at)
    return dispute


def open_one(
    customer: User,
    kind: Dispute.Kind,
    *,
    decision: UUID | None,
    session: UUID | None = None,
    change: UUID | None = None,
    by: Actor,
    at: datetime,
) -> Dispute:
    """One more question for the help desk. Part of a flow that has decided."""
    dispute = Dispute.objects.create(
        customer=customer, kind=kind, decision=decision, session=session, change=change, opened_at=at
    )
    event = events.DisputeOpened(dispute=dispute.pk, kind=Code(kind))
    record(event, about=customer.pk, by=by, at=at, decision=decision)
    return dispute


@flow
def close(
    dispute: Dispute, outcome: Dispute.Outcome, staff: User, session: Session, *, by: Actor, at: datetime
) -> None:
    """The help desk says what it found, and the customer is told. Raises Refused, ProveMore."""
    dispute = Dispute.objects.select_for_update(of=("self",)).select_related("customer").get(pk=dispute.pk)
    staff = User.objects.locked(staff.pk)  # roles as they are now
    session = Session.objects.select_for_update(no_key=True).get(pk=session.pk)
    facts = policy.CloseFacts(
        is_open=dispute.is_open,
        customer=dispute.customer_id,
        staff=staff.pk,
        roles=tuple(sorted(roles_of(staff))),
        assurance=session.assurance if session.ended_at is None else Assurance(),
    )
    require(policy.may_close, facts, about=dispute.customer_id, by=by, at=at)
    dispute.close(outcome, staff.pk, at)
    event = events.DisputeClosed(dispute=dispute.pk, outcome=Code(outcome))
    record(event, about=dispute.customer_id, by=by, at=at, decision=dispute.decision)
    number = reference.of(dispute.decision or dispute.pk)
    notice = notices.DisputeClosed(number=number, found=outcome.value)
    tell(dispute.customer, notice, to=addresses.proven(dispute.customer), at=at)
