"""What an application is told of who sent a request: a signed header of its own kind, for it alone, for a moment."""

import json
from datetime import datetime
from functools import lru_cache

from django.conf import settings

from accounts.models import Session, User
from ciam_portal.core.policy import limits
from ciam_portal.gateway.shapes import App, Route
from ciam_portal.oauth import jwts, keys
from ciam_portal.oauth.subjects import pairwise
from consent.permission import facts
from consent.use import fields
from consent.use.shapes import Released

KIND = "gateway+jwt"


def of(app: App, route: Route, customer: User, session: Session, released: Released, *, at: datetime) -> str:
    """The header's value: who (a name for this application alone), how proven, and what the route asks beside that.

    Of equal requests within half of its life it is the same one. It says who, and decides nothing: that is done anew.
    """
    life = limits.current().gateway.identity_seconds
    made = int(at.timestamp()) // (life // 2) * (life // 2)
    claims = fields.of(customer, released, route.scopes) | facts.signed_in(session)
    claims |= {"iss": settings.PUBLIC_URL, "aud": app.origin, "sub": pairwise(app.host, customer.pk)}
    return _signed(json.dumps(claims | {"iat": made, "exp": made + life}), keys.signing_key().thumbprint())


@lru_cache(maxsize=1024)
def _signed(claims: str, _key: str) -> str:  # by another key, another one
    return jwts.sign(json.loads(claims), keys.signing_key(), KIND)
