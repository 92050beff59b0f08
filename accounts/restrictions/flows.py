"""Staff restrict a customer for a while: nobody comes in (suspend), or everything asks for more proof (step-up).

Every restriction ends by itself. Until another person of the staff has reviewed it, it ends after
``staff.restriction_review_hours`` at the latest, however long it was meant to be; and nobody restricts this customer in
the same way again before that review. So one bribed agent shuts nobody out for long, and nothing has to run for it to
end: until when it holds is compared with the clock wherever it is asked. The customer is told each time.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext_lazy as lazy

from accounts.activity.flows import dispute as disputes
from accounts.budgets import counter as budget
from accounts.lock.flows.everywhere import announce
from accounts.models import Dispute, Restriction, Session, User
from accounts.restrictions import events, notices, policy
from accounts.restrictions.policy import Asker, RestrictionKind, Verdict, Wanted, WhyRestrict
from accounts.sessions import flows as sessions
from accounts.staff.flows import people as staff
from accounts.step_up.flows import by_staff
from ciam_portal.core import links, reference
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow, require
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.roles import roles_of, standing_roles_of

RESTRICTED = "restricted"


@flow
def restrict(customer: User, wanted: Wanted, person: User, session: Session, *, by: Actor, at: datetime) -> Restriction:
    """``person`` of the staff restricts a customer. A suspension ends every session and token at once.

    Raises ProveMore, OnHold, Refused.
    """
    customer = User.objects.locked(customer.pk)
    decision = by_staff(Action.STAFF_RESTRICT, person, session, about=customer.pk, by=by, at=at)
    same = Restriction.objects.filter(customer=customer, kind=wanted.kind)
    before = same.open().first()
    stands_until = before.ends_at if before is not None and before.is_live(at) else None
    rules = limits.current().staff
    facing = policy.RestrictFacts(
        customer=customer.pk,
        is_staff=customer.is_staff,
        days=wanted.days,
        within_budget=budget.spend("staff_restrict", str(person.pk), limit=rules.restrictions_per_day, seconds=86_400),
        unreviewed=same.unreviewed().exists(),
        stands_until=stands_until,
        kind=wanted.kind,
        reason=wanted.reason,
    )
    asking = asker(customer, person, session, at)
    require(policy.may_restrict, facing, asking, about=customer.pk, by=by, at=at)
    if before is not None:
        before.give_way(at)
    made = Restriction.objects.create(
        customer=customer,
        kind=wanted.kind,
        reason=wanted.reason.value,
        decision=decision,
        starts_at=at,
        until=at + timedelta(days=wanted.days),
        made_by=person.pk,
        review_due_at=policy.review_due(at, stands_until, limits.current()),
    )
    _hold(customer)
    ended = (
        sessions.end_all(customer, by=by, at=at, reason=RESTRICTED)
        if wanted.kind is RestrictionKind.SUSPEND
        else (0, 0)
    )
    event = events.Restricted(
        restriction=made.pk,
        kind=Code(wanted.kind),
        reason=Code(wanted.reason.value),
        until=made.until,
        review_due_at=made.review_due_at,
        sessions_ended=ended[0],
        tokens_ended=ended[1],
    )
    record(event, about=customer.pk, by=by, at=at, decision=decision)
    announce(customer, _notice(customer, made), at=at)
    return made


@flow
def end(restriction: Restriction, person: User, session: Session, *, by: Actor, at: datetime) -> None:
    """One of the staff ends it early. Its review stays due. Raises ProveMore, OnHold, Refused."""
    restriction = _locked(restriction)
    customer = restriction.customer
    decision = by_staff(Action.STAFF_RESTRICT, person, session, about=customer.pk, by=by, at=at)
    asking = asker(customer, person, session, at)
    require(policy.may_end, standing(restriction, at), asking, about=customer.pk, by=by, at=at)
    _lift(restriction, person, decision, by_review=False, by=by, at=at)


@flow
def review(
    restriction: Restriction, verdict: Verdict, person: User, session: Session, *, by: Actor, at: datetime
) -> None:
    """Another person says whether it was right: it stands until its end, or ends now.

    One that was over by then stays over, whatever is found. Raises ProveMore, OnHold, Refused.
    """
    restriction = _locked(restriction)
    customer = restriction.customer
    decision = by_staff(Action.STAFF_REVIEW_RESTRICTION, person, session, about=customer.pk, by=by, at=at)
    asking = asker(customer, person, session, at)
    require(policy.may_review, standing(restriction, at), asking, about=customer.pk, by=by, at=at)
    was_live = restriction.is_live(at)
    restriction.review(person.pk, at)
    stands = verdict is Verdict.STANDS
    event = events.RestrictionReviewed(restriction=restriction.pk, kind=Code(restriction.kind), stands=stands)
    record(event, about=customer.pk, by=by, at=at, decision=decision)
    if was_live and not stands:
        _lift(restriction, person, decision, by_review=True, by=by, at=at)
    else:
        _hold(customer)


@flow
def contest(customer: User, restriction: Restriction, *, by: Actor, at: datetime) -> Dispute:
    """The customer does not agree, and asks the help desk to look at it. Raises Refused."""
    restriction = _locked(restriction)
    theirs = restriction.customer_id == customer.pk and restriction.is_live(at)
    asked = disputes.asked_of(customer, restriction.decision, "hold" if theirs else "", at, by_the_gate=theirs)
    dispute = disputes.ask(customer, restriction.decision, asked, by=by, at=at)
    record(events.RestrictionContested(restriction=restriction.pk), about=customer.pk, by=by, at=at)
    return dispute


def _locked(restriction: Restriction) -> Restriction:
    """The restriction as it stands, under the lock on its customer that all that is done with restrictions takes."""
    customer = User.objects.locked(restriction.customer_id)
    restriction = Restriction.objects.select_for_update(of=("self",)).get(pk=restriction.pk)
    restriction.customer = customer
    return restriction


def asker(customer: User, person: User, session: Session, at: datetime) -> Asker:
    """The member of staff who would restrict, end or review, in this session."""
    return Asker(
        id=person.pk,
        roles=tuple(sorted(roles_of(person))),
        standing=tuple(sorted(standing_roles_of(person))),
        opened=staff.is_opened(customer.pk, session, at),
    )


def standing(restriction: Restriction, at: datetime) -> policy.StandingFacts:
    """A restriction, as it stands."""
    return policy.StandingFacts(
        customer=restriction.customer_id,
        made_by=restriction.made_by,
        is_live=restriction.is_live(at),
        is_reviewed=restriction.reviewed_at is not None,
    )


def _lift(
    restriction: Restriction, person: User, decision: UUID | None, *, by_review: bool, by: Actor, at: datetime
) -> None:
    customer = restriction.customer
    restriction.lift(person.pk, at)
    _hold(customer)
    event = events.RestrictionEnded(restriction=restriction.pk, kind=Code(restriction.kind), by_review=by_review)
    record(event, about=customer.pk, by=by, at=at, decision=decision)
    notice = notices.RestrictionEnded(kind=restriction.kind)
    announce(customer, notice, at=at)


def _hold(customer: User) -> None:
    """Write on the customer's row what the restrictions say now. The row is locked."""
    ends = {row.kind: row.ends_at for row in Restriction.objects.filter(customer=customer).open()}
    customer.restricted(
        suspended_until=ends.get(RestrictionKind.SUSPEND), step_up_until=ends.get(RestrictionKind.STEP_UP)
    )


def _notice(customer: User, made: Restriction) -> notices.AccountSuspended | notices.MoreProofAsked | notices.DataHeld:
    reason, until = lazy(policy.told(WhyRestrict(made.reason), made.kind).words), customer.local(made.until)
    number = reference.of(made.decision)
    if made.kind == RestrictionKind.LEGAL_HOLD:
        return notices.DataHeld(reason=reason, until=until, number=number)
    if made.kind == RestrictionKind.SUSPEND:
        return notices.AccountSuspended(reason=reason, until=until, number=number)
    link = links.absolute("accounts:security")
    return notices.MoreProofAsked(reason=reason, until=until, number=number, security_link=link)
