"""What every page may say: the portal's name, how to reach the help desk, and when the session will end."""

from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from ciam_portal.core.outbox.notice import Medium
from ciam_portal.core.policy import limits
from consent.approvals import facts as approvals


def portal(request: HttpRequest) -> dict[str, Any]:
    """The context of every page."""
    context: dict[str, Any] = {
        "portal_name": settings.PORTAL_NAME,
        "help_desk": settings.HELP_DESK,
        "text_messages": Medium.SMS.is_there,
        "push_notices": bool(settings.VAPID_KEYS),
    }
    session = getattr(request, "portal_session", None)
    if session:
        context["approval_waits"] = partial(approvals.something_waits, session.customer_id)
        rules = limits.current().session
        context["session_clock"] = {
            "idle_seconds": rules.idle_minutes * 60,
            "warn_seconds": rules.idle_warning_minutes * 60,
        }
    return context
