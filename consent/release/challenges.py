"""What the gate asked of a customer when a partner used their token, kept until that partner sends them to prove it.

A partner answers a challenge with ``acr_values`` and ``max_age`` (RFC 9470), and these cannot say everything: a code by
mail passes a challenge and raises no acr. What was asked is remembered here, so that the customer proves just that, and
the next token opens what this one did not.
"""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.core.cache import cache

from accounts.factors import bound as factors
from accounts.models import Session, User
from accounts.step_up import facts
from ciam_portal.core import gate
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import ProveMore
from ciam_portal.core.gate import within
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Level
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import StepUp
from consent.permission.policy import Reason

_KEPT_SECONDS = 600


def remember(session: UUID, partner: UUID, asked: StepUp) -> None:
    """This partner was told that this must be proven first, in this session."""
    kept = {"to": int(asked.to), "within": asked.within, "challenge": asked.challenge}
    cache.set(_key(session, partner), kept, _KEPT_SECONDS)


def waiting(session: Session, partner: UUID, at: datetime) -> StepUp | None:
    """What is still to be proven for this partner in this session; None if nothing is, or it has been proven since."""
    kept = cache.get(_key(session.pk, partner))
    if kept is None:
        return None
    asked = StepUp(Level(kept["to"]), Reason.PROVE_FOR_APP, kept["within"], challenge=kept["challenge"])
    passed = not asked.challenge or within(session.challenged_at, asked.within, at)
    return None if passed and session.assurance.meets(asked.to, asked.within, at) else asked


def restricted(customer: User, session: Session, *, by: Actor, at: datetime) -> ProveMore | None:
    """What a customer whom staff restricted must prove before an app gets a code; the exchange would refuse it after.

    None for everybody else, without a statement.
    """
    if customer.step_up_until is None or at >= customer.step_up_until:
        return None
    asked = replace(facts.for_token(customer, session, by=by, at=at), highest=factors.highest_level(customer))
    answer = gate.decide(Action.SEE_PROFILE, asked, limits=limits.current(), at=at)
    if not isinstance(answer, StepUp):
        return None
    return ProveMore(answer.to, answer.within, Reason.PROVE_FOR_APP, challenge=answer.challenge)


def _key(session: UUID, partner: UUID) -> str:
    return f"challenge:{session}:{partner}"
