"""Agents: partners that act by themselves for customers, as their delegates. What one may be registered with.

Its ceiling (scopes and actions) is the most that a customer can let it do; what it can do is never more than what its
customer let it, nor than what they could do themselves at that moment.
"""

from collections.abc import Collection
from datetime import datetime

from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import PARTNER
from ciam_portal.core.policy.reason import ReasonBase
from ciam_portal.oauth import events
from ciam_portal.oauth.environment import Environment
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.profiles import Kind, Profile
from ciam_portal.oauth.redirect_uris import Unacceptable

SCOPES = frozenset({"profile", "email", "phone"})
"""What an agent may ask to read. It signs nobody in, sees nothing of sessions, and works until its grant ends."""


class Reason(ReasonBase):
    """Why not. ``words`` is what staff read."""

    RETIRED = "partner_retired", "This app was switched off for good. If it is wanted again, register it as a new one."


def check(profile: Profile, maker: str, scopes: Collection[str], actions: Collection[str], where: Environment) -> None:
    """Raises Unacceptable for an agent, or any other partner, that may not be registered like this."""
    if profile.kind is not Kind.AGENT:
        if maker or actions:
            raise Unacceptable("Only agents have a maker, and actions that customers may let them do.")
        return
    if not maker.strip():
        raise Unacceptable("An agent needs a maker: who answers for what it does, in words that customers know.")
    check_ceiling(scopes, actions, where)


def check_ceiling(scopes: Collection[str], actions: Collection[str], where: Environment) -> None:
    """Raises Unacceptable for what no agent may ever do."""
    if beyond := sorted(set(scopes) - SCOPES):
        raise Unacceptable(f"No agent gets {', '.join(beyond)}. Open to agents: {', '.join(sorted(SCOPES))}.")
    known = delegable()
    if unknown := sorted(set(actions) - known):
        raise Unacceptable(f"No agent does {', '.join(unknown)}. In the policy file: {', '.join(sorted(known))}.")
    if actions and where is Environment.SANDBOX:
        raise Unacceptable("In the sandbox an agent does nothing but read.")
    if not (scopes or actions):
        raise Unacceptable("An agent that may read nothing and do nothing is of no use.")


def delegable() -> frozenset[str]:
    """The actions that an agent can be let do at all: those that partners do for customers."""
    return frozenset(name for name in limits.current().actions if name.startswith(PARTNER))


@flow
def retire(partner: Partner, *, by: Actor, at: datetime) -> None:
    """Off for good. Raises Refused: it is already."""
    partner = Partner.objects.select_for_update().get(pk=partner.pk)
    if partner.retired_at is not None:
        raise Refused(Reason.RETIRED)
    Partner.objects.filter(pk=partner.pk).update(is_enabled=False, retired_at=at)
    record(events.PartnerRetired(partner=partner.pk), about=None, by=by, at=at)


@flow
def set_ceiling(agent: Partner, actions: tuple[str, ...], *, by: Actor, at: datetime) -> None:
    """The most that customers may let it do from now on; what they let it before shrinks, too. Raises Unacceptable."""
    check(Profile(agent.profile), agent.maker, agent.scopes_allowed, actions, Environment(agent.environment))
    Partner.objects.filter(pk=agent.pk).update(actions_allowed=list(actions))
    event = events.AgentCeilingSet(partner=agent.pk, actions=tuple(Code(name) for name in actions))
    record(event, about=None, by=by, at=at)
