"""decide(): ask a policy, keep question, facts and answer, and hand the answer on. The only way to ask."""

import dataclasses
from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from ciam_portal.audit.actor import Actor
from ciam_portal.audit.events import plain
from ciam_portal.audit.models import DecisionEntry
from ciam_portal.policy import limits
from ciam_portal.policy.decision import Allow, Decision, Deny, Hold, StepUp

# Decisions written in a transaction that may yet be rolled back by a refusal; ``@flow`` writes them again then.
pending: ContextVar[list[DecisionEntry] | None] = ContextVar("pending", default=None)


@dataclasses.dataclass(frozen=True, slots=True)
class Decided:
    """An answer and the id under which it is kept."""

    answer: Decision
    id: UUID


def decide(question: Callable[..., Decision], *facts: object, about: UUID | None, by: Actor, at: datetime) -> Decided:
    """Ask ``question(*facts, limits=…, at=at)`` and keep the answer.

    Facts are frozen dataclasses of ids, codes, counts and instants. Raises ValueError if they hold anything else.
    """
    running = limits.running()
    answer = question(*facts, limits=running, at=at)
    entry = DecisionEntry(
        at=at,
        about=about,
        actor_kind=by.kind,
        actor=by.id,
        on_behalf_of=by.on_behalf_of,
        session=by.session,
        channel=by.channel,
        request_id=by.request_id,
        question=f"{question.__module__}.{question.__name__}",
        policy_version=running.version,
        inputs=[as_json(fact) for fact in facts],
        findings=[[finding.code, finding.points] for finding in answer.findings],
        **_columns(answer),
    )
    entry.save(force_insert=True)
    if (held := pending.get()) is not None:
        held.append(entry)
    return Decided(answer, entry.id)


def as_json(fact: object) -> Any:  # noqa: ANN401  (JSON)
    """A frozen dataclass of facts as plain JSON, nested ones included. Raises ValueError for anything personal."""
    if dataclasses.is_dataclass(fact) and not isinstance(fact, type):
        return {item.name: as_json(getattr(fact, item.name)) for item in dataclasses.fields(fact)}
    if isinstance(fact, (tuple, list)) and not isinstance(fact, Enum):
        return [as_json(part) for part in fact]
    return plain(fact)


def _columns(answer: Decision) -> dict[str, Any]:
    match answer:
        case Allow():
            return {"answer": "allow"}
        case StepUp(to=to, reason=reason, within=within):
            return {"answer": "step_up", "reason": reason, "detail": {"to": to.acr, "within": within}}
        case Hold(reason=reason, until=until):
            return {"answer": "hold", "reason": reason, "detail": {"until": until.isoformat() if until else None}}
        case Deny(reason=reason):
            return {"answer": "deny", "reason": reason}
