"""What browsers, password managers and researchers look for at addresses that everybody knows (RFC 8615)."""

import re
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.templatetags.static import static
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from ciam_portal.core import clock, links
from ciam_portal.core.audit.tree import proofs

_TEXT = "text/plain; charset=utf-8"
_SIZE = re.compile(r"0|[1-9][0-9]{0,17}")
_SECURITY_DAYS = 90  # RFC 9116 section 2.5.5: less than a year
_public = cache_control(public=True, max_age=3600)


@login_not_required
@require_safe
def change_password(request: HttpRequest) -> HttpResponse:
    """Where a password is changed (W3C, A Well-Known URL for Changing Passwords)."""
    return redirect("accounts:change_password")


@login_not_required
@_public
@require_safe
def passkey_endpoints(request: HttpRequest) -> JsonResponse:
    """Where passkeys are added and looked after (W3C, Passkey Endpoints)."""
    pages: dict[str, Any] = {
        "enroll": links.absolute("accounts:passkey_add"),
        "manage": links.absolute("accounts:security"),
    }
    return JsonResponse(pages)


@login_not_required
@_public
@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Whom to tell about a weakness (RFC 9116); nothing, if nobody is named."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    expires = clock.now().replace(microsecond=0) + timedelta(days=_SECURITY_DAYS)
    lines = (
        f"Contact: {settings.SECURITY_CONTACT}",
        f"Expires: {expires.isoformat().replace('+00:00', 'Z')}",
        f"Canonical: {settings.PUBLIC_URL}/.well-known/security.txt",
        "Preferred-Languages: en",
    )
    return HttpResponse("".join(f"{line}\n" for line in lines), content_type=_TEXT)


@login_not_required
@cache_control(public=True, max_age=5)
@require_safe
def audit_checkpoint(request: HttpRequest) -> HttpResponse:
    """How the audit's tree stands, signed, for whoever keeps copies. ``?old=SIZE``: and the proof that it grew from it.

    It says how many rows there are, and nothing of any.
    """
    old, last = request.GET.get("old"), proofs.last()
    if last is None:
        return HttpResponse("No checkpoint was signed yet.\n", status=HTTPStatus.NOT_FOUND, content_type=_TEXT)
    try:
        text = last.note if old is None else proofs.growth(int(old) if _SIZE.fullmatch(old) else -1)
    except proofs.NoProof as none:
        return HttpResponse(f"{none}\n", status=HTTPStatus.BAD_REQUEST, content_type=_TEXT)
    return HttpResponse(text, content_type=_TEXT)


@login_not_required
@_public
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Asked for by whoever reads no page."""
    return redirect(static("favicon.svg"))


@login_not_required
@_public
@require_safe
def touch_icon(request: HttpRequest) -> HttpResponse:
    """The picture on a phone's home screen."""
    return redirect(static("touch-icon.png"))
