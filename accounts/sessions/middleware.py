"""PortalSession: whoever holds a browser session is signed in only while the portal's own record says so."""

from collections.abc import Callable
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from accounts.models import Session
from accounts.sessions import device_cookie, flows
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.outbox.notice import language_of
from ciam_portal.core.policy import limits


class PortalSession:
    """Sets ``request.portal_session`` and ``request.user`` from one row; anything else is signed out (ASVS 7.4).

    ``request.ended_for``: whose session it was, if it has ended.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Look the session up if the browser claims to be signed in; keep the device cookie if one was given."""
        request.portal_session = request.ended_for = None  # type: ignore[attr-defined]
        if SESSION_KEY in request.session:
            self._enter(request)
        with timezone.override(self._zone(request)):
            response = self.get_response(request)
        cookie = getattr(request, "device_cookie", "")
        if cookie:
            response.set_cookie(
                settings.DEVICE_COOKIE_NAME,
                cookie,
                max_age=limits.current().session.device_days * 86_400,
                secure=settings.SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response

    def _enter(self, request: HttpRequest) -> None:
        at = clock.now()
        key, customer = (_as_uuid(request.session.get(name)) for name in ("portal_session", SESSION_KEY))
        session = Session.objects.standing(at).filter(pk__in=key, customer__in=customer).first()
        if session is None or not _belongs_here(request):
            request.ended_for = next(iter(customer), None)  # type: ignore[attr-defined]
            request.session.flush()
            request.user = AnonymousUser()
            return
        request.user = session.customer
        translation.activate(language_of(session.customer))
        request.portal_session = session  # type: ignore[attr-defined]
        device = session.device
        if device is not None and device.renewed_at is not None and device.received_at is None:
            shown = device_cookie.digests(request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""))
            # One answer brought this session and the key: whoever uses the one has had the other, shown or kept back.
            if session.started_at == device.renewed_at or device.cookie_digest in shown:
                device.received(at)
        by = Actor.from_request(request)
        request.portal_session = flows.seen(session, request, by=by, at=at)  # type: ignore[attr-defined]

    @staticmethod
    def _zone(request: HttpRequest) -> ZoneInfo:
        """All pages of one person are in their time zone; those of the staff site say UTC, which all of them share."""
        session: Session | None = request.portal_session  # type: ignore[attr-defined]
        return ZoneInfo("UTC") if session is None or request.path.startswith("/staff/") else session.customer.zone


def _belongs_here(request: HttpRequest) -> bool:
    """Where staff have a host of their own, a session opened on one host is none on the other."""
    return settings.STAFF_URL == settings.PUBLIC_URL or request.session.get("host") == request.get_host()


def _as_uuid(text: object) -> list[UUID]:
    """The id in a list of one, or no id."""
    try:
        return [UUID(str(text))]
    except ValueError:
        return []
