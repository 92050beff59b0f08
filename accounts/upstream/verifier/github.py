"""GitHub: OAuth 2 without OpenID Connect. Who somebody is, is a number that its own interface says."""

from typing import Any

from accounts.upstream.shapes import Identity, Upstream
from accounts.upstream.verifier import asking
from accounts.upstream.verifier.outcome import Failed
from accounts.upstream.verifier.state import Asked

_AUTHORIZE = "https://github.com/login/oauth/authorize"
_TOKEN = "https://github.com/login/oauth/access_token"  # noqa: S105  (an address)
_API = "https://api.github.com"


def authorization(_upstream: Upstream) -> tuple[str, dict[str, str]]:
    """Where browsers are sent, and with what."""
    return _AUTHORIZE, {"scope": "user:email"}


def check_sender(upstream: Upstream, said: str) -> None:
    """Whose answer it is, if it says so (RFC 9207). Raises Failed."""
    if said and said not in {upstream.issuer, f"{upstream.issuer}/login/oauth"}:
        raise Failed("sender")


def identity(upstream: Upstream, code: str, asked: Asked, back: str) -> Identity:
    """Who it is. Raises Failed."""
    form = {
        "client_id": upstream.client_id, "client_secret": upstream.secret, "code": code, "redirect_uri": back,
        "code_verifier": asked.verifier,
    }  # fmt: skip
    token = asking.send(_TOKEN, form).get("access_token")
    if not isinstance(token, str) or not token.isprintable():
        raise Failed("no token")
    headers = {"Authorization": f"Bearer {token}"}
    return of(upstream, asking.read(f"{_API}/user", headers), asking.read(f"{_API}/user/emails", headers))


def of(upstream: Upstream, user: Any, emails: Any) -> Identity:  # noqa: ANN401  (JSON)
    """The number, and the first address. Raises Failed."""
    number = user.get("id") if isinstance(user, dict) else None
    if type(number) is not int:
        raise Failed("subject")
    listed = [each for each in emails if isinstance(each, dict)] if isinstance(emails, list) else []
    first = next((each for each in listed if each.get("primary") is True), {})
    email = first.get("email")
    verified = first.get("verified") is True
    return Identity(upstream.key, upstream.issuer, str(number), email if isinstance(email, str) else "", verified)
