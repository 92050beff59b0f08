"""An agent that nobody registered asks: what it says of itself is read, because of a customer who is signed in.

Nothing is asked for twice at a time, nor too often at one host or for one customer. What cannot be read lets nobody in.
"""

from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from django.core.cache import cache
from django.db import IntegrityError
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.budgets import counter
from ciam_portal.core import fetch
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.crypto import codes
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits
from ciam_portal.oauth.authorization import Unanswerable
from ciam_portal.oauth.documents import flows, reading, shapes
from ciam_portal.oauth.models import Partner

_AT_MOST_SECONDS = 30  # for which one reading keeps others waiting, should it never end
_MINUTE, _HOUR = 60, 3600


def must_read(query: QueryDict, at: datetime) -> bool:
    """Whether this is asked by such an agent, and we do not know what it says of itself, or no longer."""
    url = query.get("client_id", "")
    if not (shapes.is_address(url) and limits.current().unregistered_agents.allowed):
        return False
    known = Partner.objects.filter(client_id=url).values_list("is_enabled", "cimd_expires_at").first()
    return known is None or bool(known[0] and (known[1] is None or known[1] <= at))


def meet(url: str, customer: UUID, *, by: Actor, at: datetime) -> None:
    """Read it, and go by that from now on. Raises Unanswerable."""
    _check(url)
    _spend(urlsplit(url).netloc, customer)
    alone = f"agent-document:{codes.handle(url, 'agent document')}"
    if not cache.add(alone, 1, _AT_MOST_SECONDS):
        raise _later()
    try:
        flows.take(reading.read(url), by=by, at=at)
    except (shapes.Unfit, fetch.Unreachable) as error:
        raise _unusable(url, error) from error
    except IntegrityError as error:
        raise _later() from error
    except Refused as refused:
        raise Unanswerable(_("We do not know this app, or it is switched off.")) from refused
    finally:
        cache.delete(alone)


def _check(url: str) -> None:
    try:
        shapes.check_address(url, limits.current().unregistered_agents.hosts)
    except shapes.Unfit as error:
        raise Unanswerable(_("We do not know this app, or it is switched off.") + f" ({error})") from error


def _spend(host: str, customer: UUID) -> None:
    rules = limits.current().unregistered_agents
    mine = counter.spend("agents-met", str(customer), limit=rules.per_customer_per_hour, seconds=_HOUR)
    theirs = mine and counter.spend("agents-met-at", host, limit=rules.per_host_per_minute, seconds=_MINUTE)
    if not (mine and theirs):
        raise _later()


def _later() -> Unanswerable:
    return Unanswerable(_("We are asked about this app, or about others like it, too often at the moment."))


def _unusable(url: str, error: Exception) -> Unanswerable:
    words = _("Nobody has registered this app with us, and what it says of itself at %(host)s cannot be used: %(why)s.")
    return Unanswerable(words % {"host": urlsplit(url).netloc, "why": error})
