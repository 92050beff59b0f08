"""A partner asks about its own transaction; the partner presents the approval when it acts.

An approval is presented once. Whatever comes of it, it is dead then: an attempt with another amount burns it, and so
does a risk that rose in the meantime. Fail closed: the partner asks anew.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from ciam_portal.core.audit.actor import Actor, Channel
from ciam_portal.core.audit.decide import Decided, assess, columns_of, decide, refusal
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.crypto import codes
from ciam_portal.core.flow import flow
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow, StepUp
from ciam_portal.decisions import events, facts, policy
from ciam_portal.decisions.models import Approval
from ciam_portal.decisions.questions import Question, Redemption
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.transactions import Transaction
from consent.delegation import flows as delegated
from consent.delegation import policy as delegating
from consent.details import facts as approvals
from consent.models import AuthorizationDetail, Consent
from consent.release import access, challenges, issuance
from consent.release.access import Live
from consent.release.actors import in_app

REDEEMED = "redeemed"
_PURPOSE = "approval"


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer, and for an allow the approval: its value for one response, never to be kept."""

    decided: Decided
    approval: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Redeemed:
    """The answer to an approval that was presented, and the decision that had given it."""

    decided: Decided
    given_by: UUID | None


@flow
def ask(partner: Partner, question: Question, *, by: Actor, at: datetime) -> Answered:
    """May this be done now, for the customer of this token? Every question is kept, whatever the answer."""
    held = access.live(question.token, at)
    detail = approvals.for_use(held.token.details, question.transaction) if held is not None else None
    asking = facts.for_asking(partner, question, held, detail)
    about = held.customer.pk if held is not None and asking.token_theirs else None
    approval, value = None, ""
    if held is None or not isinstance(policy.may_ask(asking, limits=limits.current(), at=at), Allow):
        decided = decide(policy.may_ask, asking, about=about, by=by, at=at)
    else:
        decided, by = _judge(partner, question, held, by, at, approved=detail is not None)
        if isinstance(decided.answer, StepUp):
            challenges.remember(held.session.pk, held.partner.pk, decided.answer)
        elif isinstance(decided.answer, Allow) and decided.id is not None:
            approval, value = _approve(partner, question, held, decided.id, at, detail=detail)
    event = events.DecisionGiven(
        partner=partner.pk,
        action=Code(question.transaction.action),
        answer=Code(columns_of(decided.answer)["answer"]),
        approval=approval.pk if approval else None,
    )
    record(event, about=about, by=by, at=at, decision=decided.id)
    return Answered(decided, value)


def _judge(
    partner: Partner, question: Question, held: Live, by: Actor, at: datetime, *, approved: bool
) -> tuple[Decided, Actor]:
    """The answer, and who asked: the partner, or who acts for its customer."""
    standing = issuance.ask(held.root, held=held.token.scope.split(), by=by, at=at)
    if not isinstance(standing.answer, Allow):
        return issuance.kept(standing, held.root, at=at), standing.by
    channel = facts.channel_of(partner, question.channel)
    return _judged(standing, held.root, question.transaction, channel, at, approved=approved), standing.by


def _judged(
    standing: issuance.Asked, root: issuance.Root, transaction: Transaction, channel: Channel | None, at: datetime,
    *, approved: bool,
) -> Decided:  # fmt: skip
    """``approved``: the customer said yes to just this."""
    about, by, acts = root.customer.pk, standing.by, standing.acts
    if acts is not None:
        acting, channel = (
            acts.doing(in_app(transaction, root.consent.partner_id, approved=approved), at),
            Channel.DELEGATED,
        )
        if (refused := refusal(delegating.may_act, acting, about=about, by=by, at=at)) is not None:
            return refused
    asked = approvals.for_transaction(standing.token, standing.person, root.session, transaction, channel, at=at)
    asked = acts.by_itself(transaction.action, asked, at) if acts is not None else asked
    return assess(transaction.action, asked, about=about, by=by, at=at)


def _approve(
    partner: Partner,
    question: Question,
    held: Live,
    decision: UUID,
    at: datetime,
    *,
    detail: AuthorizationDetail | None,
) -> tuple[Approval, str]:
    value = codes.new_token()
    bound = facts.binding(partner.pk, held.customer.pk, held.session.pk, question.transaction)
    approval = Approval.objects.create(
        digest=codes.digest(value, _PURPOSE),
        bound_to=codes.digest(bound, facts.BINDING),
        partner=partner,
        customer=held.customer,
        session=held.session,
        consent=held.consent,
        detail=detail,
        delegation_id=held.token.delegation_id,
        channel=question.channel,
        decision=decision,
        given_at=at,
        expires_at=at + timedelta(seconds=limits.current().approvals.seconds),
    )
    return approval, value


@flow
def redeem(partner: Partner, redemption: Redemption, *, by: Actor, at: datetime) -> Redeemed:
    """The partner goes on with what was approved. Asked again, under lock, with the facts as they stand now."""
    approval = _locked(partner, redemption.approval)
    detail = _detail(approval)
    presenting = facts.for_presenting(partner, approval, detail, redemption.transaction)
    about = approval.customer_id if approval else None
    if approval is None or not isinstance(policy.may_redeem(presenting, limits=limits.current(), at=at), Allow):
        decided = decide(policy.may_redeem, presenting, about=about, by=by, at=at)
    else:
        decided, by = _judge_again(approval, redemption.transaction, by, at)
    reason = Code(columns_of(decided.answer)["reason"])
    if approval is not None and approval.ended_at is None:
        approval.end(at, reason or REDEEMED)
    event: events.ApprovalRedeemed | events.ApprovalRefused
    if approval is not None and isinstance(decided.answer, Allow):
        if detail is not None:
            detail.use(at)
        event = events.ApprovalRedeemed(partner=partner.pk, approval=approval.pk, detail=approval.detail_id)
    else:
        key = approval.pk if approval else None
        event = events.ApprovalRefused(partner=partner.pk, approval=key, reason=reason)
    record(event, about=about, by=by, at=at, decision=decided.id)
    return Redeemed(decided, approval.decision if approval else None)


def _locked(partner: Partner, value: str) -> Approval | None:
    """The approval, its consent and its session, locked in the order in which all of the house locks them."""
    mine = Approval.objects.filter(partner=partner, digest__in=codes.digests(value, _PURPOSE))
    found = mine.first()
    if found is None:
        return None
    Consent.objects.select_for_update().filter(pk=found.consent_id).first()
    rows = mine.select_for_update(of=("self", "session"))
    return rows.select_related("customer", "session__device", "consent__partner").first()


def _detail(approval: Approval | None) -> AuthorizationDetail | None:
    """What the customer approved by itself, if the approval rests on that; locked, for of several one does it."""
    if approval is None or approval.detail_id is None:
        return None
    return AuthorizationDetail.objects.select_for_update().get(pk=approval.detail_id)


def _judge_again(approval: Approval, transaction: Transaction, by: Actor, at: datetime) -> tuple[Decided, Actor]:
    consent, session, customer = approval.consent, approval.session, approval.customer
    root = issuance.Root(consent.partner, customer, session, consent, delegation=approval.delegation_id)
    standing = issuance.ask(root, held=consent.scopes, by=by, at=at)
    by = standing.by
    if not isinstance(standing.answer, Allow):
        return issuance.kept(standing, root, at=at), by
    approved = approval.detail_id is not None
    decided = _judged(standing, root, transaction, Channel(approval.channel), at, approved=approved)
    if isinstance(decided.answer, StepUp):
        challenges.remember(session.pk, consent.partner_id, decided.answer)
    elif isinstance(decided.answer, Allow) and approval.delegation_id is not None:
        act = in_app(transaction, consent.partner_id, approved=approved)
        counted = delegated.counted(approval.delegation_id, act, decision=decided.id, by=by, at=at)
        decided = decided if isinstance(counted.answer, Allow) else counted
    return decided, by
