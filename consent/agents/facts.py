"""What stands between a customer and an agent."""

from datetime import datetime
from uuid import UUID

from ciam_portal.core.policy import limits
from ciam_portal.oauth.authorization import AuthorizationRequest
from ciam_portal.oauth.models import Partner
from consent.delegation.policy import may_be_delegated
from consent.delegation.shapes import State
from consent.models import Delegation


def live(agent: Partner, customer: UUID) -> Delegation | None:
    """By what it acts for them, or did until they paused it."""
    return Delegation.objects.of_agent(customer, agent.pk).first()


def covers(found: Delegation | None, asked: AuthorizationRequest, at: datetime) -> bool:
    """Whether it acts already, wherever it asks to be used."""
    acts = found is not None and found.state == State.ACTIVE and found.starts_at <= at < found.ends_at
    return acts and found is not None and set(asked.resources) <= set(found.resources)


def offered(agent: Partner) -> tuple[str, ...]:
    """What it can be let do at all."""
    rules = limits.current()
    return tuple(name for name in sorted(agent.actions_allowed) if may_be_delegated(name, rules))
