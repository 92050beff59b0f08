"""Where services of the business ask, before they use data of customers, what they may use it for."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from accounts.budgets import counter as budget
from ciam_portal.core import clock
from ciam_portal.core.policy import limits
from ciam_portal.oauth.bodies import Malformed, body, parse, read
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.scopes import DATA_USE
from ciam_portal.oauth.views import for_machines, problem
from consent.data_use import flows, shapes
from consent.release.api import own

_WINDOW_SECONDS = 60


@for_machines("POST")
@own(DATA_USE)
def ask(request: HttpRequest, service: Partner) -> HttpResponse:
    """Which of these categories may be used for this purpose, of each of these subjects; and why not the rest."""
    if not service.data_purposes:
        return problem("not_registered", "this partner was not registered for uses of data", 403)
    most = limits.current().consent.uses_per_minute
    if not budget.spend("data_use", str(service.pk), limit=most, seconds=_WINDOW_SECONDS):
        refused = problem("too_many_requests", f"no more than {most} questions in a minute", 429)
        refused["Retry-After"] = str(budget.wait("data_use", str(service.pk)))
        return refused
    try:
        asked = read(shapes.ASKED, parse(body(request, shapes.LARGEST)))
    except Malformed as error:
        return problem(error.code, error.words, error.status)
    answers = {
        sub: {"permitted": sorted(released.categories), "withheld": dict(sorted(released.withheld.items()))}
        for sub, released in flows.ask(service, asked, at=clock.now()).items()
    }
    return JsonResponse({"purpose": asked["purpose"], "subjects": answers})
