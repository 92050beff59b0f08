"""What a wallet or a service answers, and the browser that brings it back: only both together confirm anybody.

Who answers is never taken for the person who began: somebody could have been led to answer a request that is another's.
"""

from datetime import datetime

from accounts.models import IdentityCheck, IdentityEvidence, Session
from accounts.proofing import events, facts, policy
from accounts.proofing.flows import checks
from accounts.proofing.shapes import Shown
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.crypto import codes
from ciam_portal.core.flow import flow, require

_CODE = "identity check"


@flow
def take(check: IdentityCheck, shown: Shown, *, by: Actor, at: datetime) -> str:
    """A provider has answered; the code with which the customer's browser comes back. Raises Refused if it had."""
    check = checks.locked(check)
    require(policy.may_answer, facts.check(check, at), about=check.customer_id, by=by, at=at)
    code = codes.new_token()
    noted = facts.to_note(shown, check.context)
    check.answered(noted, facts.document_of(shown), codes.digest(code, _CODE), at)
    record(events.CheckAnswered(attempt=check.pk), about=check.customer_id, by=by, at=at)
    return code


@flow
def bring_back(check: IdentityCheck, code: str, session: Session, *, by: Actor, at: datetime) -> IdentityEvidence:
    """The customer's own browser is back. Raises Refused: another browser, another code, too late, or twice."""
    check = checks.locked(check)
    asked = policy.BackFacts(
        check=facts.check(check, at),
        is_theirs=by.is_self(check.customer_id) and session.pk == check.session and session.ended_at is None,
        has_code=codes.matches(code, _CODE, check.secret),
    )
    require(policy.may_bring_back, asked, about=check.customer_id, by=by, at=at)
    shown = facts.noted(check)
    assert shown is not None  # noqa: S101  (it is noted)
    return checks.passed(check, shown, by=by, at=at)
