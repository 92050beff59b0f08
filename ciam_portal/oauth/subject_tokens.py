"""Signed tokens by which an app says for which customer somebody wants to act: made by us, for us, good for minutes.

They open nothing by themselves: who may act (``may_act``, RFC 8693 section 4.4) shows an access token of their own
beside it, and whether they still may is asked then. Names are those by which the app knows both.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from ciam_portal.core.policy import limits
from ciam_portal.oauth import jwts, keys
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.subjects import subject

TYPE = "urn:ietf:params:oauth:token-type:jwt"
_KIND = "delegation+jwt"


@dataclass(frozen=True, slots=True)
class Named:
    """For whom, and who may act, by the names that the app knows."""

    owner: str
    delegate: str


def make(partner: Partner, owner: UUID, delegate: UUID, at: datetime) -> tuple[str, int]:
    """One for this app, and how many seconds it is good for."""
    seconds, now = limits.current().oauth.delegated_token_seconds, int(at.timestamp())
    issuer = settings.PUBLIC_URL
    claims = {"iss": issuer, "aud": issuer, "iat": now, "exp": now + seconds, "client_id": partner.client_id}
    claims |= {"sub": subject(partner, owner), "may_act": {"iss": issuer, "sub": subject(partner, delegate)}}
    return jwts.sign(claims, keys.signing_key(), _KIND), seconds


def read(text: str, partner: Partner, at: datetime) -> Named | None:
    """What one says that was made for this app and is not over; None for whatever else it is."""
    claims = jwts.read(text, keys.named, algorithms=jwts.OURS, kinds=(_KIND,))
    if claims is None or {claims.get("iss"), claims.get("aud")} != {settings.PUBLIC_URL}:
        return None
    if claims.get("client_id") != partner.client_id or not _lasts(claims, at):
        return None
    may_act = claims["may_act"]
    return Named(claims["sub"], may_act["sub"]) if may_act["iss"] == settings.PUBLIC_URL else None


def _lasts(claims: dict[str, Any], at: datetime) -> bool:
    times = jwts.seconds(claims, "exp")
    return bool(times) and int(at.timestamp()) < times["exp"]  # type: ignore[index]  # there, if any is
