"""An agent that nobody registered becomes a partner by what it says of itself; saying something else, another one.

So nobody's yes to the former is one to the latter: the former is off for good, with its tokens, from the next request.
"""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings

from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.events import Code
from ciam_portal.core.audit.record import record
from ciam_portal.core.crypto import codes
from ciam_portal.core.errors import Refused
from ciam_portal.core.flow import flow
from ciam_portal.core.policy import limits
from ciam_portal.oauth import agents
from ciam_portal.oauth.credentials import flows as credentials
from ciam_portal.oauth.documents import events, names
from ciam_portal.oauth.documents.reading import Read
from ciam_portal.oauth.documents.shapes import Unfit
from ciam_portal.oauth.environment import Environment
from ciam_portal.oauth.models import Partner

_MOST_NAMES = 10_000


@flow
def take(read: Read, *, by: Actor, at: datetime) -> Partner:
    """What was read counts from now on. Raises Unfit (its name is somebody else's), or Refused: it is off."""
    former: Partner | None = Partner.objects.select_for_update().filter(client_id=read.document.url).first()
    if former is not None and not former.is_enabled:
        raise Refused(agents.Reason.RETIRED)
    if former is not None and _is_same(former, read, at):
        _again(former, read, by, at)
        return former
    _check_name(read)
    if former is not None:
        agents.retire(former, by=by, at=at)
        _free(former)
    return _meet(read, former, by, at)


@flow
def gone(agent: Partner, *, by: Actor, at: datetime) -> None:
    """Nothing that can be used stands there any more. Raises Refused: it is off already."""
    agents.retire(agent, by=by, at=at)
    _free(agent)
    record(events.AgentGone(partner=agent.pk), about=None, by=by, at=at)


def ceiling() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The most that any of them may read, and be let do: by our word alone."""
    rules = limits.current().unregistered_agents
    return tuple(sorted(agents.SCOPES & set(rules.scopes))), tuple(sorted(agents.delegable() & set(rules.actions)))


def _is_same(former: Partner, read: Read, at: datetime) -> bool:
    """All that a customer said yes to, and the keys still prove something here."""
    proves = read.keys is None or former.credentials.live(at).exists()
    return bool(former.document == read.document.snapshot(read.keys)) and proves


def _again(former: Partner, read: Read, by: Actor, at: datetime) -> None:
    scopes, actions = ceiling()
    former.cimd_expires_at = at + timedelta(minutes=read.minutes)
    former.scopes_allowed, former.actions_allowed = list(scopes), list(actions)
    former.save(update_fields=["cimd_expires_at", "scopes_allowed", "actions_allowed"])
    record(events.AgentReadAgain(former.pk, _codes(scopes), _codes(actions)), about=None, by=by, at=at)


def _check_name(read: Read) -> None:
    """Raises Unfit if customers could take it for the portal, or for an app that somebody registered here."""
    registered = Partner.objects.exclude(registration_source=Partner.RegistrationSource.CIMD)
    known = registered.order_by("name").values_list("name", flat=True)[:_MOST_NAMES]
    if names.imitates(read.document.name, (settings.PORTAL_NAME, *known)):
        raise Unfit("client_name is too much like the name of an app that customers know")


def _free(former: Partner) -> None:
    """Its address no longer names it, so that whatever stands there now begins anew."""
    Partner.objects.filter(pk=former.pk).update(client_id=former.pk.hex)


def _meet(read: Read, former: Partner | None, by: Actor, at: datetime) -> Partner:
    said, (scopes, actions) = read.document, ceiling()
    if not (scopes or actions):
        raise Unfit("agents that nobody registered may do nothing here")
    host, rules = urlsplit(said.url).netloc, said.profile.rules
    partner: Partner = Partner.objects.create(
        id=(pk := codes.new_id()),
        client_id=said.url,
        registration_source=Partner.RegistrationSource.CIMD,
        cimd_expires_at=at + timedelta(minutes=read.minutes),
        document=said.snapshot(read.keys),
        name=f"{said.name} ({host})",
        maker=host[:80],
        environment=Environment.PRODUCTION.value,
        profile=said.profile.value,
        redirect_uris=" ".join(said.redirect_uris),
        scopes_allowed=list(scopes),
        actions_allowed=list(actions),
        sector=host,
        client_type=Partner.CLIENT_PUBLIC if rules.public else Partner.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Partner.GRANT_AUTHORIZATION_CODE,
        enabled_at=at,
    )
    if read.keys:
        credentials.add(partner, credentials.Shown(jwks=read.keys), at)
    event = events.AgentMet(
        partner=pk,
        profile=Code(said.profile.value),
        scopes=_codes(scopes),
        actions=_codes(actions),
        former=former.pk if former else None,
    )
    record(event, about=None, by=by, at=at)
    return partner


def _codes(names_of: tuple[str, ...]) -> tuple[Code, ...]:
    return tuple(Code(name) for name in names_of)
