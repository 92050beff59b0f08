"""OpenID Connect, strictly: the checks of OpenID Connect Core section 3.1.3.7. No service can switch one off."""

import base64
import hmac
from typing import Any
from urllib.parse import quote_plus

from accounts.upstream.shapes import Identity, Upstream
from accounts.upstream.verifier import asking
from accounts.upstream.verifier.outcome import Failed
from accounts.upstream.verifier.state import Asked
from ciam_portal.core import clock, fetch
from ciam_portal.core.policy import limits
from ciam_portal.oauth import jwts, partner_keys

_LONGEST_SUBJECT = 255
_OLDEST_SECONDS = 600  # an ID token was made for this very sign-in
_LONGEST_VALUE = 128
_APPLE_SECONDS = 300


def metadata(upstream: Upstream) -> dict[str, Any]:
    """What the service says of itself, which must be itself. Raises Failed."""
    found = asking.read_kept(f"{upstream.issuer.rstrip('/')}/.well-known/openid-configuration")
    if not isinstance(found, dict) or found.get("issuer") != upstream.issuer:
        raise Failed("issuer of the metadata")
    return found


def _address(said: dict[str, Any], name: str) -> str:
    url = said.get(name)
    if not isinstance(url, str) or not fetch.acceptable(url):
        raise Failed(name)
    return url


def authorization(upstream: Upstream) -> tuple[str, dict[str, str]]:
    """Where browsers are sent, and with what. Raises Failed."""
    more = {"scope": "openid email"}
    if upstream.kind == "apple":
        more["response_mode"] = "form_post"  # Apple gives an address in no other
    return _address(metadata(upstream), "authorization_endpoint"), more


def check_sender(upstream: Upstream, said: str) -> None:
    """Whose answer it is (RFC 9207): of a service that says so always, never an answer that does not. Raises Failed."""
    always = metadata(upstream).get("authorization_response_iss_parameter_supported") is True
    if said != upstream.issuer and (said or always):
        raise Failed("sender")


def identity(upstream: Upstream, code: str, asked: Asked, back: str) -> Identity:
    """Who it is. Raises Failed."""
    said = metadata(upstream)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": asked.verifier}
    headers, secret = _client(upstream, said)
    answer = asking.send(_address(said, "token_endpoint"), form | secret, headers)
    claims = checked(upstream, answer.get("id_token"), asked.nonce, _address(said, "jwks_uri"), clock.now().timestamp())
    if "email" not in claims and "userinfo_endpoint" in said:
        claims = _more(claims, _address(said, "userinfo_endpoint"), answer.get("access_token"))
    return of(upstream, claims)


def _client(upstream: Upstream, said: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """How we prove who we are: headers, and fields of the form."""
    if upstream.kind == "apple":
        return {}, {"client_id": upstream.client_id, "client_secret": _apple_secret(upstream)}
    if "client_secret_basic" in said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"]):
        pair = f"{quote_plus(upstream.client_id)}:{quote_plus(upstream.secret)}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}, {}
    return {}, {"client_id": upstream.client_id, "client_secret": upstream.secret}


def _apple_secret(upstream: Upstream) -> str:
    """Apple takes a token that its private key for us has signed, in place of a secret."""
    now = int(clock.now().timestamp())
    claims = {"iss": upstream.team, "sub": upstream.client_id, "aud": upstream.issuer, "iat": now}
    claims["exp"] = now + _APPLE_SECONDS
    return jwts.sign(claims, jwts.from_pem(upstream.secret.encode()), kid=upstream.key_id)


def checked(upstream: Upstream, token: Any, nonce: str, keys: str, now: float) -> dict[str, Any]:  # noqa: ANN401  (JSON)
    """The claims of an ID token that is for us, for this very sign-in, and still good. Raises Failed."""
    claims = jwts.read(
        token if isinstance(token, str) else "",
        lambda kid: partner_keys.published(keys, kid, _usable),
        algorithms=jwts.OURS,
        kinds=("jwt", ""),
    )
    if claims is None:
        raise Failed("signature")
    if claims.get("iss") != upstream.issuer:
        raise Failed("issuer")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if upstream.client_id not in audiences or claims.get("azp", audiences[0]) != upstream.client_id:
        raise Failed("audience")
    if len(audiences) > 1 and "azp" not in claims:
        raise Failed("authorized party")
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise Failed("nonce")
    _check_times(claims, now)
    return claims


def _check_times(claims: dict[str, Any], now: float) -> None:
    skew, said = limits.current().oauth.clock_skew_seconds, jwts.seconds(claims, "exp", "iat", "nbf", "auth_time")
    if said is None or not {"exp", "iat"} <= said.keys():
        raise Failed("times")
    if not said["iat"] - skew <= now < said["exp"] + skew or said.get("nbf", 0) - skew > now:
        raise Failed("expired")
    if now - said["iat"] > _OLDEST_SECONDS or said.get("auth_time", 0) - skew > now:
        raise Failed("times")


def _usable(document: Any) -> tuple[Any, ...]:  # noqa: ANN401  (JSON)
    """Its keys; an RSA key that names no algorithm signs with RS256, as OpenID Connect has it."""
    listed = document.get("keys") if isinstance(document, dict) else None
    named = [({"alg": jwts.RS256} if each.get("kty") == "RSA" else {}) | each
             for each in listed or () if isinstance(each, dict)]  # fmt: skip
    try:
        return jwts.key_set({"keys": named}, jwts.OURS)
    except jwts.UnusableKeys:
        return ()


def _more(claims: dict[str, Any], url: str, token: Any) -> dict[str, Any]:  # noqa: ANN401  (JSON)
    """With the address as the service tells it apart, if it speaks of the same person (section 5.3.2)."""
    if not isinstance(token, str) or not token.isprintable():
        return claims
    more = asking.read(url, {"Authorization": f"Bearer {token}"})
    if not isinstance(more, dict) or more.get("sub") != claims.get("sub"):
        raise Failed("userinfo")
    return claims | {name: more[name] for name in ("email", "email_verified") if name in more}


def of(upstream: Upstream, claims: dict[str, Any]) -> Identity:
    """Who it is. An address counts as verified only if that is said in so many words. Raises Failed."""
    subject, email = claims.get("sub"), claims.get("email")
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
        raise Failed("subject")
    references = claims.get("amr")
    values = [claims.get("acr"), *(references if isinstance(references, list) else ())]
    times = jwts.seconds(claims, "auth_time") or {}
    return Identity(
        upstream=upstream.key,
        issuer=upstream.issuer,
        subject=subject,
        email=email if isinstance(email, str) else "",
        email_verified=claims.get("email_verified") is True,
        said=tuple(each for each in values if isinstance(each, str) and len(each) <= _LONGEST_VALUE),
        authenticated_at=times.get("auth_time"),
    )
