"""The portal's own pages on the way to an application, and on the way out."""

from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from accounts.sessions import flows as sessions
from accounts.sessions.signing import customer_of, session_of
from accounts.step_up import facts
from ciam_portal.core import clock, flow
from ciam_portal.core.audit import decide
from ciam_portal.core.audit.actor import Actor, Channel
from ciam_portal.core.policy.decision import Allow
from ciam_portal.gateway import flows, policy
from ciam_portal.gateway.policy import Asked
from ciam_portal.gateway.shapes import App
from ciam_portal.oauth.answers import ToPartner
from consent.release import onward

_STATE = 32


def _app(request: HttpRequest) -> App:
    app: App | None = settings.GATEWAY_APPS.get(request.GET.get("app", ""))
    if app is None:
        raise Http404
    return app


@require_safe
def enter(request: HttpRequest) -> HttpResponse:
    """On the way to an application: whoever is signed in, and may open what they asked for, is led there.

    Raises ProveMore, which leads to proving and back here; Refused.
    """
    app, at = _app(request), clock.now()
    asked = Asked(app.host, request.GET.get("method", ""), request.GET.get("uri", ""))
    back = request.GET.get("back", asked.uri)
    route, state = policy.route_of(asked, app), request.GET.get("state", "")
    if route is None or policy.route_of(Asked(app.host, "GET", back), app) is None or len(state) != _STATE:
        raise Http404
    customer, session = customer_of(request), session_of(request)
    by = Actor.from_request(request, Channel.GATEWAY)
    if route.action and not isinstance(flows.answer(app, route.action, customer, session, by=by, at=at).answer, Allow):
        asks = facts.assessed(route.action, facts.for_token(customer, session, by=by, at=at), customer, at)[0]
        flow.go_on(decide.assess(route.action, asks, about=customer.pk, by=by, at=at))
    code = flows.hand_over(session, app, state=state, to=back, by=by, at=at)
    led = ToPartner(f"{app.origin}/.gateway/arrive?{urlencode({'code': code})}")
    return onward.past_our_form(request, led)


@login_not_required
@require_safe
def again(request: HttpRequest) -> HttpResponse:
    """A handover that came too late, twice, or to a browser that keeps no cookies."""
    return render(request, "gateway/again.html", {"app": _app(request)}, status=400)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign_out(request: HttpRequest) -> HttpResponse:
    """Where an application's sign-out leads: asked first, and then over everywhere in this session."""
    app = _app(request)
    if request.user.is_authenticated and request.method == "POST":
        sessions.sign_out(request, by=Actor.from_request(request), at=clock.now())
    page = "gateway/sign_out.html" if request.user.is_authenticated else "gateway/signed_out.html"
    return render(request, page, {"app": app})
