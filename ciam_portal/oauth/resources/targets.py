"""What an access token is for, and who is told about it: asked at every grant, and at every use."""

from collections.abc import Sequence
from dataclasses import dataclass

from ciam_portal.core.policy import limits
from ciam_portal.oauth.models import AccessToken, Partner
from ciam_portal.oauth.resources import ours
from ciam_portal.oauth.resources.models import Resource
from ciam_portal.oauth.scopes import OFFLINE

_OF_THE_GRANT = frozenset({"openid", OFFLINE})  # said of the grant as a whole; at a resource they open nothing


@dataclass(frozen=True, slots=True)
class Target:
    """One resource; or, without an address, all APIs of our own."""

    url: str = ""
    opens: frozenset[str] | None = None
    signed_for: Partner | None = None
    """Who runs it, if it reads its tokens by itself."""
    introspects: bool = True
    delegates: bool = True
    """Whoever runs it wants to know who acts, and reads it in ``act``."""

    @property
    def knows_who_acts(self) -> bool:
        """Whoever runs it reads who acts, and asks us about each token: so none works a second longer than it may."""
        return self.delegates and self.introspects

    @property
    def audience(self) -> list[str]:
        """As tokens keep it."""
        return [self.url] if self.url else []

    @property
    def seconds(self) -> int:
        """How long a token for it lives: what nobody asks us about cannot be taken back, and is short."""
        rules = limits.current().oauth
        longest = rules.access_token_seconds
        return longest if self.introspects else min(longest, rules.signed_token_seconds)

    def scopes(self, held: Sequence[str]) -> tuple[str, ...]:
        """Those of these that mean something there."""
        wide = self.opens is None
        return tuple(name for name in held if wide or name in self.opens or name in _OF_THE_GRANT)  # type: ignore[operator]


OURS = Target()
"""All APIs of our own."""


def narrowed(granted: Sequence[str], asked: str) -> str | None:
    """The one resource that a token will be for (RFC 8707 section 2.2), "" for our own; None: it cannot be told.

    ``granted`` are the resources of the whole grant; none: our own, of which one may be asked for.
    """
    if not asked:
        return "" if not granted else granted[0] if len(granted) == 1 else None
    return asked if asked in granted or (not granted and ours.scopes_at(asked) is not None) else None


def of(partner: Partner, granted: Sequence[str], asked: str) -> Target | None:
    """The same as it stands now; None also for a resource that is unknown, switched off, or not open to the partner.

    An agent's token is for one resource, and for none that does not know who acts.
    """
    url, is_agent = narrowed(granted, asked), partner.rules.agent
    if not url:
        return None if url is None or is_agent else OURS
    if (scopes := ours.scopes_at(url)) is not None:
        return Target(url, frozenset(scopes))
    rows = Resource.objects.filter(url=url, is_enabled=True).select_related("partner")
    found = rows.first()
    if found is None or not found.is_open_to(partner):
        return None
    signed_for = found.partner if found.is_signed else None
    target = Target(url, frozenset(found.scopes), signed_for, found.introspects, found.partner.delegates)
    return target if target.knows_who_acts or not is_agent else None


def is_for(found: AccessToken, asking: Partner) -> bool:
    """Whether a token's audience is this partner, so that it may be told about it (RFC 7662 section 4).

    What is for a resource is for who runs that, and asks us about tokens; what is for none but our own, also for the
    partner that it was issued to.
    """
    owner = found.application
    if not ours.of_others(tuple(found.resource)):
        return bool(owner.pk == asking.pk)
    (url,) = found.resource
    mine = Resource.objects.filter(url=url, partner=asking, introspects=True, is_enabled=True).first()
    return mine is not None and mine.is_open_to(owner)


def stands_before(partner: Partner) -> bool:
    """Whether the partner runs an API of its own, and so stands in front of applications."""
    return Resource.objects.filter(partner=partner, is_enabled=True).exists()
