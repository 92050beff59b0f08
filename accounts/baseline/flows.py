"""What is usual is learned from sign-ins, fades, and is unlearned from those that their owner disowns."""

from datetime import datetime

from django.db import transaction

from accounts.baseline import history, population
from accounts.models import PopulationCount, RiskState, Session
from accounts.watch import events
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.record import record
from ciam_portal.core.flow import flow
from ciam_portal.core.risk.evidence import Evidence
from ciam_portal.core.risk.population import DISTINCT
from ciam_portal.core.risk.visit import Feature

_LEARNED, _FADED, _UNLEARNED = "learned", "faded", "unlearned"
_MOST = 500


@flow
def learn_population(*, by: Actor, at: datetime) -> int:
    """Add the next batch of sign-ins to the population's counts; how many were looked at."""
    state = RiskState.locked(_LEARNED)
    lesson = population.lesson(state.data, at)
    if lesson is None:
        record(events.PopulationLearned(sign_ins=0, left_out=0), about=None, by=by, at=at)
        return 0
    PopulationCount.objects.add(lesson.deltas)
    state.keep(lesson.watermark, at)
    event = events.PopulationLearned(sign_ins=lesson.sign_ins, left_out=lesson.left_out)
    record(event, about=None, by=by, at=at)
    return lesson.sign_ins + lesson.left_out


def is_due(at: datetime) -> bool:
    """Whether there is a sign-in that has not taught yet. For the alarm clock; the flow looks again, under lock."""
    state = RiskState.objects.filter(key=_LEARNED).first()
    return population.due(state.data if state else {}, at).exists()


@flow
def fade_population(*, by: Actor, at: datetime) -> float:
    """Let every count fade by the time since it last did; what nobody shows any more is forgotten. The days passed."""
    # Nobody learns meanwhile: both hold the same row.
    RiskState.locked(_LEARNED)
    state = RiskState.locked(_FADED)
    before = datetime.fromisoformat(state.data["at"]) if state.data else at
    days = max(0.0, (at - before).total_seconds() / 86_400)
    if days:
        factor = population.half_after(days)
        PopulationCount.objects.fade(factor, least=population.LEAST, kept=population.KEPT)
        PopulationCount.objects.recount(DISTINCT, tuple(feature.value for feature in Feature))
    if days or not state.data:
        state.keep({"at": at.isoformat()}, at)
    record(events.PopulationFaded(days=days), about=None, by=by, at=at)
    return days


@flow
def unlearn(session: Session, *, by: Actor, at: datetime) -> int:
    """Take a disowned sign-in out of its customer's profile: its device key, and what it was the only one to show."""
    evidence = population.evidence_of([session.decision]).get(session.decision) if session.decision else None
    new = [feature for feature in Feature if (term := (evidence or Evidence()).term(feature)) and term.new]
    visit = population.visit_of(session.visit)
    gone = history.forget(session.customer_id, visit, {Feature.DEVICE, *new}, session.started_at)
    record(events.SignInUnlearned(session=session.pk, values=gone), about=session.customer_id, by=by, at=at)
    return gone


def unlearn_disowned(*, by: Actor, at: datetime) -> int:
    """Unlearn what was disowned since the last time; the number of sign-ins."""
    with transaction.atomic():
        state = RiskState.locked(_UNLEARNED)
        rows = list(population.answers(population.NOT_ME, state.data, at)[:_MOST])
        for row in rows:
            session = Session.objects.filter(decision=row.decision).first()
            if session is not None:
                unlearn(session, by=by, at=at)
        if rows:
            state.keep({"at": rows[-1].at.isoformat(), "entry": str(rows[-1].pk)}, at)
        return len(rows)
