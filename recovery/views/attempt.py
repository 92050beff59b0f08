"""One browser's try at getting back in: its key in a cookie of its own, what it said in the browser session, sealed.

All of it is the same for an address that has no account.
"""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from ciam_portal import codes, vault
from ciam_portal.audit.actor import Actor, Channel, Kind
from ciam_portal.policy.assurance import Method
from recovery import facts
from recovery.flows import show
from recovery.flows.show import Attempt
from recovery.models import Case

_SAID = "recovery"
_KEY = re.compile(r"[A-Za-z0-9_-]{43}")
_EVEN_SECONDS = 0.15  # longer than any path takes, so that the time says nothing


@contextmanager
def even() -> Iterator[None]:
    """Take as long for a stranger as for a customer."""
    started = time.monotonic()
    yield
    time.sleep(max(0.0, _EVEN_SECONDS - (time.monotonic() - started)))


def actor(request: HttpRequest) -> Actor:
    """A stranger, whoever else may be signed in here: what is shown speaks for itself."""
    return Actor(Kind.STRANGER, None, Channel.WEB, request_id=Actor.from_request(request).request_id)


def begin(request: HttpRequest, email: str, lost: tuple[Method, ...]) -> Attempt:
    """A new try. Call ``keep`` on the answer."""
    made = Attempt(email.lower(), codes.new_token(), lost)
    said = json.dumps({"email": made.email, "lost": [method.value for method in lost]})
    request.session[_SAID] = vault.seal(said.encode(), _context(made.key))
    return made


def keep(response: HttpResponse, attempt: Attempt) -> HttpResponse:
    """Give the browser its key, for as long as a recovery can take."""
    response.set_cookie(
        settings.RECOVERY_COOKIE_NAME,
        attempt.key,
        max_age=facts.longest_life(),
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def of(request: HttpRequest) -> Attempt | None:
    """This browser's try: as it said in this browser session, or as its recovery remembers it."""
    key = _key(request)
    try:
        said = json.loads(vault.unseal(str(request.session[_SAID]), _context(key)))
    except (KeyError, vault.CannotOpen):
        case = show.case_of(key)
        if case is None:
            return None
        return Attempt(case.customer.email, key, tuple(Method(name) for name in case.lost))
    return Attempt(said["email"], key, tuple(Method(name) for name in said["lost"]))


def case_here(request: HttpRequest) -> Case | None:
    """The recovery that this browser began."""
    return show.case_of(_key(request))


def key_here(request: HttpRequest) -> str:
    """The key of this browser's try, or an empty text, which belongs to none."""
    return _key(request)


def _key(request: HttpRequest) -> str:
    found = request.COOKIES.get(settings.RECOVERY_COOKIE_NAME, "")
    return found if _KEY.fullmatch(found) else ""


def _context(key: str) -> str:
    return f"recovery:{codes.pseudonym(key, 'recovery context')}"
