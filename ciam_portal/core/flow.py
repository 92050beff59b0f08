"""@flow: one transaction for a verb; refusals are recorded; no success goes unrecorded. require(): ask, or be refused.

A refusal means that nothing changed. A wrong guess is not a refusal: it must be counted, so the flow returns it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, ClassVar, ParamSpec, TypeVar
from uuid import UUID

from django.db import transaction

from ciam_portal.core import gate
from ciam_portal.core.audit import decide, record
from ciam_portal.core.audit.actor import Actor, Channel
from ciam_portal.core.audit.events import AuditEvent, Code
from ciam_portal.core.errors import OnHold, ProveMore, Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow, Decision, Hold, StepUp

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class FlowRefused(AuditEvent):
    """A flow was refused and changed nothing."""

    name: ClassVar[str] = "flow.refused"
    sourced: ClassVar[bool] = True
    flow: Code
    reason: Code


class NothingRecorded(RuntimeError):
    """A flow ended well but left no trace: a bug in the flow."""


def delegable(verb: Callable[P, R]) -> Callable[P, R]:
    """Below ``@flow``: this verb may be done by somebody who acts for another. Any other is refused to them."""
    verb.delegable = True  # type: ignore[attr-defined]
    return verb


def flow(verb: Callable[P, R]) -> Callable[P, R]:
    """Run a verb ``f(thing, …, *, by, at)`` in one transaction, under one policy.

    It must ``record()`` something. When it raises Refused, all it changed is rolled back; then its decisions and the
    refusal itself are stored in a transaction of their own, once, by the outermost flow. Whoever acts for another is
    refused, unless the verb is ``@delegable``.
    """

    @wraps(verb)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        outermost = decide.pending.get() is None
        token = decide.pending.set([]) if outermost else None
        before = record.count()
        try:
            with limits.unit_of_work(), transaction.atomic():
                _require_delegable(verb, kwargs)
                result = verb(*args, **kwargs)
                if record.count() == before:
                    raise NothingRecorded(verb.__qualname__)
                return result
        except Refused as refused:
            if outermost:
                _keep_refusal(verb, refused, kwargs)
            raise
        finally:
            if token is not None:
                decide.pending.reset(token)

    return run


def require(
    question: Callable[..., Decision], *facts: object, about: UUID | None, by: Actor, at: datetime
) -> UUID | None:
    """Ask a policy and go on only if it allows; the decision's id. Raises ProveMore, OnHold or Refused."""
    return go_on(decide.decide(question, *facts, about=about, by=by, at=at))


def require_action(action: str, facts: gate.Facts, *, about: UUID | None, by: Actor, at: datetime) -> UUID | None:
    """Ask about a sensitive action of the catalogue and go on only if it is allowed; the decision's id, if it was kept.

    Raises ProveMore, OnHold or Refused.
    """
    return go_on(decide.assess(action, facts, about=about, by=by, at=at))


def go_on(decided: decide.Decided) -> UUID | None:
    """The decision's id if it allows. Raises ProveMore, OnHold or Refused."""
    match decided.answer:
        case Allow():
            return decided.id
        case StepUp(to=to, within=within, reason=reason, challenge=challenge):
            raise ProveMore(to, within, reason, challenge=challenge, decision=decided.id)
        case Hold(reason=reason, until=until):
            raise OnHold(reason, until, decision=decided.id)
        case answer:
            raise Refused(answer.reason, decision=decided.id)


def _require_delegable(verb: Callable[..., Any], kwargs: dict[str, Any]) -> None:
    by: Actor | None = kwargs.get("by")
    is_delegated = by is not None and (by.on_behalf_of is not None or by.channel is Channel.DELEGATED)
    if is_delegated and not getattr(verb, "delegable", False):
        raise Refused(gate.Reason.NEVER_DELEGATED)


def _keep_refusal(verb: Callable[..., Any], refused: Refused, kwargs: dict[str, Any]) -> None:
    held = decide.pending.get() or []
    by: Actor = kwargs["by"]
    about = next((entry.about for entry in reversed(held) if entry.about), by.on_behalf_of or by.id)
    with transaction.atomic():
        for entry in held:
            entry.save(force_insert=True)
        event = FlowRefused(flow=Code(f"{verb.__module__}.{verb.__name__}"), reason=Code(str(refused.reason)))
        record.record(event, about=about, by=by, at=kwargs["at"], decision=refused.decision)
    refused.recorded = True
