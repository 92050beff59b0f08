"""Where a service of the business's own asks for which of its customers' data it may use, and for what."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from ciam_portal.core import clock
from ciam_portal.core.categories import CATEGORIES
from ciam_portal.core.errors import Refused
from ciam_portal.core.words import sentence
from ciam_portal.oauth.bodies import Malformed, body, parse, read
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.scopes import DATA_USE
from ciam_portal.oauth.views import for_machines, problem
from consent.data_use import facts, shapes
from consent.ledger.shapes import Party, Way
from consent.purposes import facts as purposes
from consent.purposes.facts import Wanted
from consent.release import pace
from consent.release.access import acting
from consent.release.api import own
from consent.use import flows
from consent.use.policy import Reason
from consent.use.shapes import Released, To

UNKNOWN = "unknown_subject"


@for_machines("POST")
@own(DATA_USE)
def use(request: HttpRequest, partner: Partner) -> HttpResponse:
    """What may be used of each of these customers' data; it stands in the ledger as used from then on."""
    if (wait := pace.too_many(partner)) is not None:
        return pace.refused(wait)
    try:
        said = read(shapes.DATA_USE, parse(body(request, shapes.LARGEST)))
        _known(said["categories"])
    except Malformed as error:
        return problem(error.code, error.words, error.status)
    at = clock.now()
    try:
        now = purposes.one(said["purpose"], at)
        ...
