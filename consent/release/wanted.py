"""For what a partner exchanges what it holds, as it says at the token endpoint: for all of it, or for less."""

from typing import Any

from oauthlib.oauth2.rfc6749 import errors

from ciam_portal.core.policy.assurance import Level
from ciam_portal.oauth import details
from ciam_portal.oauth.details import Detail
from ciam_portal.oauth.models import AuthorizationCode, RefreshToken
from ciam_portal.oauth.resources import targets
from ciam_portal.oauth.resources.targets import Target
from consent.details import facts
from consent.exchange.policy import Why
from consent.release.flows.family import Wanted


def of(request: Any, found: AuthorizationCode | RefreshToken, scopes: tuple[str, ...], jkt: str) -> Wanted:  # noqa: ANN401  (the library's request)
    """Of the approved details that it holds for all, if none are named (RFC 9396 section 6).

    ``request`` is the library's own, and so is what is raised when it names others.
    """
    held = facts.narrowed(found.details, named(request))
    if held is None:
        words = "the customer has not approved all of these"
        raise errors.CustomOAuth2Error(details.ERROR, description=words, request=request)
    return Wanted(scopes, held, target(request, found.resource), jkt)


def named(request: Any) -> tuple[Detail, ...] | None:  # noqa: ANN401  (the library's request)
    """The details that are named, if any are."""
    text = _details(request)
    try:
        return details.read(text, request.client.authorization_details_types) if text else None
    except details.Unreadable as error:
        raise errors.CustomOAuth2Error(details.ERROR, description=str(error), request=request) from None


def target(request: Any, granted: list[str]) -> Target:  # noqa: ANN401  (the library's request)
    """What the access token is for, of what the grant is for (RFC 8707 section 2.2)."""
    found = targets.of(request.client, granted, resource(request))
    if found is None:
        words = "resource is none that this was granted for and that is open to this app; of several, name one"
        raise errors.CustomOAuth2Error("invalid_target", description=words, request=request)
    return found


def resource(request: Any) -> str:  # noqa: ANN401  (the library's request)
    """The resource that is named, or ""."""
    return getattr(request, "resource", None) or ""


_REFUSALS = {
    Why.TOO_WIDE: ("invalid_scope", "scope is more than the token holds, or than means something there"),
    Why.WRONG_TARGET: ("invalid_target", "resource is none that this token may be exchanged for, by this app"),
    Why.PROVE_MORE: (
        "invalid_grant",
        f"who acts has to prove more: send them to the authorization endpoint with acr_values={Level.AAL2.acr}",
    ),
    Why.WRONG_DETAILS: (details.ERROR, "the token does not carry all of these, or one of them was done already"),
    Why.TOO_DEEP: ("invalid_request", "too many have handed this token on already"),
}


def refusal(why: Why, request: Any) -> errors.OAuth2Error:  # noqa: ANN401  (the library's request)
    """How an exchange is refused: of a token that is not good, nobody learns why."""
    error, words = _REFUSALS.get(why, ("invalid_grant", "the token cannot be exchanged"))
    return errors.CustomOAuth2Error(error, description=words, request=request)


def refuse_details(request: Any, words: str) -> None:  # noqa: ANN401  (the library's request)
    """Where none of them are taken, and why."""
    if _details(request):
        raise errors.CustomOAuth2Error(details.ERROR, description=words, request=request)


def _details(request: Any) -> str:  # noqa: ANN401  (the library's request)
    return getattr(request, "authorization_details", None) or ""
