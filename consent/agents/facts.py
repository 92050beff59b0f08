"""What stands between a customer and an agent."""

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from ciam_portal.core.policy import limits
from ciam_portal.oauth.authorization import AuthorizationRequest
from ciam_portal.oauth.models import Partner
from consent.delegation.policy import may_be_delegated
from consent.delegation.shapes import State
from consent.models import Consent, Delegation


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


def left_over() -> QuerySet[Consent]:
    """Connections with apps that are off for good."""
    return Consent.objects.live().filter(partner__retired_at__isnull=False).order_by("pk")


def to_read_again(at: datetime) -> QuerySet[Partner]:
    """Agents that nobody registered, of which we do not know any more what they say, and that act for somebody."""
    theirs = Partner.objects.filter(registration_source=Partner.RegistrationSource.CIMD, is_enabled=True)
    connected = Consent.objects.live().values("partner")
    rows: QuerySet[Partner] = theirs.filter(cimd_expires_at__lte=at, pk__in=connected).order_by("cimd_expires_at")
    return rows
