"""A live session is assessed again when something came to light about it: its risk rises, or it ends."""

from datetime import datetime

from accounts.account import notices
from accounts.baseline import flows as learning
from accounts.customer import addresses
from accounts.models import Session
from accounts.sessions import flows as sessions
from accounts.sessions import policy
from accounts.watch import events
from ciam_portal.core import links
from ciam_portal.core.audit import decide as decisions
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow, Decision, Deny, Finding, Risk


def facts_of(session: Session, findings: tuple[Finding, ...], at: datetime) -> policy.RisenFacts:
    """What the policy asks about this session, as its row stands."""
    began = DecisionEntry.objects.filter(pk=session.decision) if session.decision else DecisionEntry.objects.none()
    return policy.RisenFacts(
        is_open=session.ended_at is None and at < session.expires_at,
        standing=None if session.risk is None else Risk(session.risk),
        score=began.values_list("score", flat=True).first(),
        findings=findings,
    )


def would_change(session: Session, findings: tuple[Finding, ...], *, at: datetime) -> bool:
    """Whether it is worth asking. For the alarm clock; the flow decides, under lock."""
    answer = policy.on_risk_risen(facts_of(session, findings, at), limits=limits.current(), at=at)
    return not isinstance(answer, Allow)


@flow
def reassess(session: Session, findings: tuple[Finding, ...], *, by: Actor, at: datetime) -> Decision:
    """Decide what becomes of a session with these findings. Severe: it ends, with its tokens, and its owner is told."""
    session = Session.objects.select_for_update(no_key=True).get(pk=session.pk)
    facts = facts_of(session, findings, at)
    decided = decisions.decide(policy.on_risk_risen, facts, about=session.customer_id, by=by, at=at)
    risk = policy.risk_now(facts, limits.current())
    if not isinstance(decided.answer, Allow):
        session.assessed(int(risk))
    if isinstance(decided.answer, Deny):
        _end(session, findings, by=by, at=at)
    event = events.SessionReassessed(
        session=session.pk,
        answer=Code(decisions.columns_of(decided.answer)["answer"]),
        risk=int(risk),
        findings=tuple(Code(finding.code) for finding in findings),
    )
    record(event, about=session.customer_id, by=by, at=at, decision=decided.id)
    return decided.answer


def _end(session: Session, findings: tuple[Finding, ...], *, by: Actor, at: datetime) -> None:
    sessions.end(session, by=by, at=at, reason=sessions.RISK_ROSE)
    if policy.doubts_sign_in(findings):
        device = session.device
        if device is not None and device.first_seen_at >= session.started_at:
            device.revoke(at)  # it came with this session; a browser that was there before stays its owner's
        learning.unlearn(session, by=by, at=at)
    password_link = links.absolute("account_reset_password")
    notice = notices.SessionEndedForSafety(session.agent, session.place, password_link)
    tell(session.customer, notice, to=addresses.proven(session.customer), at=at)
