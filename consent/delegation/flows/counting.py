"""What a delegate does counts against the owner's limits, under the lock on the delegation: two at once pass none."""

from datetime import datetime
from uuid import UUID

from ciam_portal.core.audit import decide
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.decide import Decided
from ciam_portal.core.audit.events import Code
from ciam_portal.core.policy.decision import Allow, Decision, Deny
from consent.delegation import events, facts, policy
from consent.delegation.flows import life, news
from consent.delegation.policy import Reason
from consent.delegation.shapes import Act
from consent.models import DelegatedUse


def count(delegation: UUID, act: Act, *, decision: UUID | None, by: Actor, at: datetime) -> Decision:
    """The answer of ``counted``."""
    return counted(delegation, act, decision=decision, by=by, at=at).answer


def counted(delegation: UUID, act: Act, *, decision: UUID | None, by: Actor, at: datetime) -> Decided:
    """Ask once more whether this may be done, and count it if it may; otherwise why not, and nothing is counted.

    Part of a flow, which does it then. ``decision``: by which the gate allowed it.
    """
    row = facts.with_people(life.locked()).filter(pk=delegation).first()
    if row is None:
        return Decided(Deny(Reason.ENDED), None)
    decided = decide.decide(policy.may_act, facts.of(row, act, at=at), about=row.owner_id, by=by, at=at)
    if not isinstance(decided.answer, Allow) or act.action is None:
        return decided
    row.count(act.amount or 0, at.astimezone(row.owner.zone).date(), at)
    DelegatedUse.objects.create(
        delegation=row, at=at, action=act.action, amount=act.amount, currency=act.currency or "", decision=decision
    )
    said = {"action": Code(act.action), "amount": act.amount, "currency": Code(act.currency) if act.currency else None}
    news.note(events.Acted, row, said, by=by, at=at, decision=decision)
    return decided
