"""A token with which a partner acts for itself: no customer, no customer's data."""

import json
from datetime import datetime
from typing import Any

from ciam_portal.core import clock, grounds
from ciam_portal.oauth.families import Carried, Issued
from ciam_portal.oauth.models import Partner
from consent.release import pace
from consent.release.access import acting
from consent.release.flows import partners


def issue(partner: Partner, request: Any, token: dict[str, Any], *, jkt: str) -> Issued:  # noqa: ANN401  (the library's)
    """What it asked for, judged by now. Who asks the same again at once gets another like it (``grounds``).

    ``token``: what the library answers with, and fills after this.
    """
    says = {"sub": partner.client_id, "client_id": partner.client_id}
    carried = Carried(tuple(request.scopes), request.target, says=says)

    def another(at: datetime) -> bytes:
        issued = partners.authorize_again(partner, carried, by=acting(partner), at=at)
        return json.dumps(token | {"access_token": issued.access_token, "expires_in": issued.seconds}).encode()

    if not (jkt or getattr(request, "client_assertion", None)):  # what is signed counts once
        grounds.may_repeat(lambda _: pace.too_many(partner) is None)
        grounds.makes(another, statements=2)
    return partners.authorize_partner(partner, carried, jkt=jkt, by=acting(partner), at=clock.now())
