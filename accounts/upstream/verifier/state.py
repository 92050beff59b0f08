"""What must come back as it went: kept in the browser session, for one service, once, for minutes. allauth's."""

from dataclasses import asdict, dataclass
from enum import StrEnum

from allauth.socialaccount.internal import statekit
from django.http import HttpRequest

from ciam_portal.core.crypto import codes


class For(StrEnum):
    """Why somebody is sent there."""

    SIGN_IN = "sign_in"
    LINK = "link"
    PROVE = "prove"


@dataclass(frozen=True, slots=True)
class Asked:
    """One way there and back. ``session``: the one of somebody who is signed in; ``next``: where to afterwards."""

    purpose: For
    begun: int  # seconds since 1970
    nonce: str
    verifier: str
    session: str = ""
    next: str = ""


def keep(request: HttpRequest, upstream: str, asked: Asked) -> str:
    """Keep it; the ``state`` by which it is found."""
    state: str = statekit.stash_state(request, provider_id=upstream, state=asdict(asked), state_id=codes.new_token())
    return state


def take(request: HttpRequest, upstream: str, state: str) -> Asked | None:
    """For the last time; None if nobody was sent to this service from this browser with it, or not lately."""
    found = statekit.unstash_state(request, provider_id=upstream, state_id=state)
    return Asked(**(found | {"purpose": For(found["purpose"])})) if found else None
