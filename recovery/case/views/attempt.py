"""One browser's try at getting back in: its key in a cookie of its own, what it said in another, sealed.

All of it is the same for an address that has no account. What was said lasts as long as a contact may take, so that
their code finds the try that it was asked for, in a browser that was closed meanwhile too.
"""

import json
import re
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from ciam_portal.core import mailbox
from ciam_portal.core.crypto import codes, vault
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from recovery.case import facts
from recovery.case.flows import show
from recovery.case.flows.show import Attempt
from recovery.models import Case

_TRY = "try"  # in the query: which try the page is about
_KEY = re.compile(r"[A-Za-z0-9_-]{43}")


def begin(email: str, lost: tuple[Method, ...]) -> Attempt:
    """A new try. Call ``keep`` on the answer."""
    return Attempt(mailbox.named(email), codes.new_token(), lost)


def keep(response: HttpResponse, attempt: Attempt) -> HttpResponse:
    """Give the browser its key, for as long as a recovery can take, and what it said, for as long as a code can."""
    said = json.dumps({"email": attempt.email, "lost": [method.value for method in attempt.lost]})
    sealed = vault.seal(said.encode(), _context(attempt.key))
    hours = limits.current().recovery.contact_code_hours
    for name, value, life in (
        (settings.RECOVERY_COOKIE_NAME, attempt.key, facts.longest_life()),
        (settings.RECOVERY_SAID_COOKIE_NAME, sealed, timedelta(hours=hours)),
    ):
        response.set_cookie(name, value, max_age=life, secure=settings.SECURE, httponly=True, samesite="Lax")
    return response


def of(request: HttpRequest) -> Attempt | None:
    """This browser's try: as it said itself, or as its recovery remembers it."""
    key = _key(request)
    try:
        said = json.loads(vault.unseal(request.COOKIES[settings.RECOVERY_SAID_COOKIE_NAME], _context(key)))
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


def here(request: HttpRequest, page: str) -> str:
    """The address of this page, which names this browser's try by a handle that opens nothing."""
    return f"{reverse(page)}?{urlencode({_TRY: handle(_key(request))})}"


def handle(key: str) -> str:
    """Names the try with this key."""
    return codes.handle(key, "recovery handle")


def moved_on(request: HttpRequest, page: str) -> HttpResponse | None:
    """Leads on to the try that this browser has now, if the form was shown for another; None if it was for this one."""
    if request.GET.get(_TRY) == handle(_key(request)):
        return None
    messages.warning(request, _("Another recovery was begun in this browser meanwhile. This is its page."))
    return redirect(here(request, page))


def _key(request: HttpRequest) -> str:
    found = request.COOKIES.get(settings.RECOVERY_COOKIE_NAME, "")
    return found if _KEY.fullmatch(found) else ""


def _context(key: str) -> str:
    return f"recovery:{codes.handle(key, 'recovery context')}"
