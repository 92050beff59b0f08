"""Our own APIs that are called with access tokens, each a resource by its own address."""

from django.conf import settings

_PERSON = ("openid", "profile", "email", "phone")
# Path, and what it can use.
PATHS = {
    "/oauth/userinfo/": _PERSON,
    "/api/profile": _PERSON,
    "/api/activity": ("activity",),
    "/api/delegations": ("delegations",),
}


def scopes_at(url: str) -> tuple[str, ...] | None:
    """What the API of ours at this very address can use; None if there is none."""
    ours = url.startswith(settings.PUBLIC_URL)
    return PATHS.get(url.removeprefix(settings.PUBLIC_URL)) if ours else None


def opens(audience: list[str], path: str) -> bool:
    """Whether a token for this audience is one for our API at ``path``: for it alone, or for all of ours."""
    return not audience or audience == [settings.PUBLIC_URL + path]


def described_at(path: str) -> str:
    """Where the document about our API at ``path`` stands (RFC 9728 section 3.1)."""
    return f"{settings.PUBLIC_URL}/.well-known/oauth-protected-resource{path}"


def of_others(urls: tuple[str, ...]) -> tuple[str, ...]:
    """Those of these resources that are not ours."""
    return tuple(url for url in urls if scopes_at(url) is None)
