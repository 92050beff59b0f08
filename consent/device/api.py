"""Where a device asks for its codes (RFC 8628 section 3.1)."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from accounts.budgets import counter as budget
from ciam_portal.core import clock, links, network, places
from ciam_portal.core.policy import limits
from ciam_portal.oauth import backend
from ciam_portal.oauth.views import for_machines, problem
from consent.device import flows
from consent.release.access import acting

_A_MINUTE = 60


@for_machines("POST")
def authorize(request: HttpRequest) -> HttpResponse:
    """A device code for the device, and a user code for its customer."""
    partner = backend.named(request)
    if partner is None:
        return problem("invalid_client", "say who you are, and prove it", 401)
    if not partner.rules.by_device:
        return problem("unauthorized_client", "this app was not registered for devices")
    for name in ("authorization_details", "request", "request_uri", "resource"):
        if name in request.POST:
            return problem("invalid_request", f"{name} is not for devices")
    names = tuple(dict.fromkeys(request.POST.get("scope", "").split()))
    wanted = tuple(name for name in names if name in partner.scopes_allowed)
    if not wanted:
        return problem("invalid_scope", "no scope is known and open to this app")
    who, most = network.bucket(request), limits.current().oauth.device_requests_per_minute
    if not budget.spend("device", who, limit=most, seconds=_A_MINUTE):
        response = problem("too_many_requests", f"no more than {most} devices in a minute", 429)
        response["Retry-After"] = str(budget.wait("device", who))
        return response
    device, shown = flows.ask(partner, wanted, place_of(request), by=acting(partner), at=clock.now())
    rules = limits.current().oauth
    return JsonResponse(
        {
            "device_code": device,
            "user_code": shown,
            "verification_uri": links.absolute("consent:device"),
            "expires_in": rules.device_code_seconds,
            "interval": rules.device_interval_seconds,
        }
    )


def place_of(request: HttpRequest) -> flows.Place:
    """Where a request comes from, as sessions keep it."""
    address = network.client_address(request)
    return flows.Place(network.prefix(address), places.lookup(address).country)
