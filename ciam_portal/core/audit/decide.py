"""decide() and assess(): ask, keep question, facts and answer, and hand the answer on. The only two ways to ask.

``assess`` asks about a sensitive action of the catalogue, ``decide`` any other question of a policy; ``refusal`` too,
where an allow is kept by what it leads to. ``keep`` keeps what was asked of the gate just now.
"""

import dataclasses
from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime
from typing import Any
from uuid import UUID

from ciam_portal.core import gate
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.facts import as_json
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import PARTNER, Action, Sensitivity
from ciam_portal.core.policy.decision import Allow, Decision, Deny, Hold, Risk, StepUp
from ciam_portal.core.policy.question import name_of

# Decisions written in a transaction that may yet be rolled back by a refusal; ``@flow`` writes them again then.
pending: ContextVar[list[DecisionEntry] | None] = ContextVar("pending", default=None)


@dataclasses.dataclass(frozen=True, slots=True)
class Decided:
    """An answer and the id under which it is kept; None for a trivial allow, which is not kept.

    ``risk`` is what counted; ``standing`` that of the visit itself, without what strangers can cause: what may be kept.
    """

    answer: Decision
    id: UUID | None
    standing: Risk | None = None
    risk: Risk | None = None


def decide(question: Callable[..., Decision], *facts: object, about: UUID | None, by: Actor, at: datetime) -> Decided:
    """Ask ``question(*facts, limits=…, at=at)`` and keep the answer.

    Facts are frozen dataclasses of ids, codes, counts and instants. Raises ValueError if they hold anything else.
    """
    rules = limits.current()
    answer = question(*facts, limits=rules, at=at)
    return _store(_entry(question, facts, answer, rules, about=about, by=by, at=at), answer)


def refusal(
    question: Callable[..., Decision], *facts: object, about: UUID | None, by: Actor, at: datetime
) -> Decided | None:
    """The same; None for an allow, which is not kept here, but by what it leads to."""
    rules = limits.current()
    answer = question(*facts, limits=rules, at=at)
    if isinstance(answer, Allow):
        return None
    return _store(_entry(question, facts, answer, rules, about=about, by=by, at=at), answer)


def assess(action: str, facts: gate.Facts, *, about: UUID | None, by: Actor, at: datetime) -> Decided:
    """Ask whether a sensitive action may be done now, and ``keep`` the answer with what it rests on."""
    with limits.unit_of_work():  # the version that answers is the one that is kept
        assessed = gate.assess(action, facts, limits=limits.current(), at=at)
        return keep(action, facts, assessed, about=about, by=by, at=at)


def keep(
    action: str, facts: gate.Facts, assessed: gate.Assessed, *, about: UUID | None, by: Actor, at: datetime
) -> Decided:
    """What the gate has just answered about these facts, in the same unit of work.

    An allow is kept for every sign-in, for every question of a partner about a transaction of its own, and for whatever
    is more than of low sensitivity or worried anyone.
    """
    rules = limits.current()
    answer, assessment = assessed.decision, assessed.assessment
    if isinstance(answer, Allow) and not answer.findings and not _matters(action, rules):
        return Decided(answer, None, assessed.standing)
    entry = _entry(gate.decide, (action, facts), answer, rules, about=about, by=by, at=at)
    entry.action = action
    entry.risk = None if assessed.risk is None else int(assessed.risk)
    if assessment is not None:
        entry.score, entry.model_version = assessment.score, assessment.model
        entry.contributions = [[part.code, part.llr] for part in assessment.parts]
    return dataclasses.replace(_store(entry, answer), standing=assessed.standing, risk=assessed.risk)


def _matters(action: str, rules: limits.Limits) -> bool:
    row = rules.actions.get(action)
    return action == Action.SIGN_IN or action.startswith(PARTNER) or row is None or row.sensitivity > Sensitivity.LOW


def _entry(
    question: Callable[..., Decision],
    facts: tuple[object, ...],
    answer: Decision,
    rules: limits.Limits,
    *,
    about: UUID | None,
    by: Actor,
    at: datetime,
) -> DecisionEntry:
    return DecisionEntry(
        at=at,
        about=about,
        actor_kind=by.kind,
        actor=by.id,
        on_behalf_of=by.on_behalf_of,
        session=by.session,
        channel=by.channel,
        request_id=by.request_id,
        question=name_of(question),
        policy_version=rules.version,
        inputs=[as_json(fact) for fact in facts],
        findings=[[finding.code, finding.points] for finding in answer.findings],
        **columns_of(answer),
    )


def _store(entry: DecisionEntry, answer: Decision) -> Decided:
    entry.save(force_insert=True)
    if (held := pending.get()) is not None:
        held.append(entry)
    return Decided(answer, entry.id)


def columns_of(answer: Decision) -> dict[str, Any]:
    """An answer as the columns ``answer``, ``reason`` and ``detail`` of its entry."""
    match answer:
        case Allow():
            return {"answer": "allow", "reason": "", "detail": {}}
        case StepUp(to=to, reason=reason, within=within, challenge=challenge):
            detail = {"to": to.acr, "within": within, "challenge": challenge}
            return {"answer": "step_up", "reason": reason, "detail": detail}
        case Hold(reason=reason, until=until):
            detail = {"until": until.isoformat() if until else None}
            return {"answer": "hold", "reason": reason, "detail": detail}
        case Deny(reason=reason):
            return {"answer": "deny", "reason": reason, "detail": {}}
