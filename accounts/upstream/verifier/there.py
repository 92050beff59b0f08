"""There and back: the authorization request with PKCE, state and nonce; the answer; the code for an identity."""

import logging
from urllib.parse import urlencode

from django.http import HttpRequest

from accounts.upstream.shapes import Identity, Upstream
from accounts.upstream.verifier import github, openid, state
from accounts.upstream.verifier.outcome import Cancelled, Failed, Over
from accounts.upstream.verifier.state import Asked, For
from ciam_portal.core import clock, links
from ciam_portal.core.crypto import codes
from ciam_portal.oauth.jwts import hash_of

log = logging.getLogger(__name__)
_CANCELLED = {"access_denied", "user_cancelled_authorize"}


def _back(upstream: Upstream) -> str:
    return links.absolute("accounts:upstream_back", upstream.key)


def begin(request: HttpRequest, upstream: Upstream, purpose: For, *, session: str = "", to: str = "") -> str:
    """The address to send the browser to. ``session``: the customer's own, for what only they may do. Raises Failed."""
    speaker = github if upstream.kind == "github" else openid
    where, more = speaker.authorization(upstream)
    asked = Asked(purpose, int(clock.now().timestamp()), codes.new_token(), codes.new_token(), session, to)
    sent = {
        "response_type": "code", "client_id": upstream.client_id, "redirect_uri": _back(upstream),
        "state": state.keep(request, upstream.key, asked), "code_challenge": hash_of(asked.verifier),
        "code_challenge_method": "S256", **more,
    }  # fmt: skip
    if speaker is openid:
        sent["nonce"] = asked.nonce
        if purpose is not For.SIGN_IN:
            sent |= {"prompt": "login", "max_age": "0"}
        elif upstream.says_how:
            sent["max_age"] = str(upstream.fresh_minutes * 60)
    return f"{where}{'&' if '?' in where else '?'}{urlencode(sent)}"


def complete(request: HttpRequest, upstream: Upstream) -> tuple[Asked, Identity]:
    """Who came back, and for what they were sent. Raises Over, Cancelled, Failed."""
    answer = request.GET
    asked = state.take(request, upstream.key, answer.get("state", ""))
    if asked is None:
        raise Over
    try:
        return asked, _identity(upstream, asked, answer.dict())
    except Failed as failed:
        log.warning("sign-in with %s failed: %s", upstream.key, failed.why)
        raise


def _identity(upstream: Upstream, asked: Asked, answer: dict[str, str]) -> Identity:
    speaker = github if upstream.kind == "github" else openid
    speaker.check_sender(upstream, answer.get("iss", ""))
    if error := answer.get("error", ""):
        raise Cancelled if error in _CANCELLED else Failed("error")
    if not answer.get("code"):
        raise Failed("no code")
    found: Identity = speaker.identity(upstream, answer["code"], asked, _back(upstream))
    return found
