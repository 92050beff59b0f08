"""Who is let into the staff site: active staff whose session the gate lets in now (row ``staff_enter``)."""

from datetime import datetime
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.step_up import facts
from ciam_portal import traces
from ciam_portal.core import clock, flow, gate
from ciam_portal.core.admin_site import PortalAdminSite
from ciam_portal.core.audit import decide as decisions
from ciam_portal.core.audit.actor import Actor, Channel
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Allow

if TYPE_CHECKING:
    from accounts.models import User


class Entrance(PortalAdminSite):
    """The one door, behind the one sign-in."""

    def has_permission(self, request: HttpRequest) -> bool:
        """Asked once for each request."""
        if not hasattr(request, "enters_staff_site"):
            user = request.user
            is_staff = bool(user.is_authenticated and user.is_open and user.is_staff)
            request.enters_staff_site = is_staff and _is_let_in(request)  # type: ignore[attr-defined]
        enters: bool = request.enters_staff_site  # type: ignore[attr-defined]
        return enters

    def login(self, request: HttpRequest, extra_context: object = None) -> HttpResponse:
        """Send people through the one sign-in; staff signed in too weakly prove more. Raises ProveMore or Refused."""
        target = request.GET.get("next") or reverse("admin:index")
        if not request.user.is_authenticated:
            return HttpResponseRedirect(f"{reverse('account_login')}?{urlencode({'next': target})}")
        if not request.user.is_staff:
            request.forbidden = traces.TraceKind.STAFF_SITE  # type: ignore[attr-defined]
            return HttpResponseRedirect(reverse("home"))
        if not self.has_permission(request):
            asked, by, at = _asked(request)
            flow.go_on(decisions.assess(Action.STAFF_ENTER, asked, about=by.id, by=by, at=at))
        safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
        return HttpResponseRedirect(target if safe else reverse("admin:index"))


def _is_let_in(request: HttpRequest) -> bool:
    asked, _by, at = _asked(request)
    return isinstance(gate.decide(Action.STAFF_ENTER, asked, limits=limits.current(), at=at), Allow)


def _asked(request: HttpRequest) -> tuple[gate.Facts, Actor, datetime]:
    by, at = Actor.from_request(request, Channel.HELP_DESK), clock.now()
    person, session = cast("User", request.user), getattr(request, "portal_session", None)
    return facts.for_action(person, session, by=by, at=at), by, at
