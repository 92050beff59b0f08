"""An agent hears that there is an answer to be fetched (OpenID CIBA Core section 10.2). What it is, this never says."""

import json
from http import HTTPStatus
from typing import Any

from django.utils.dateparse import parse_datetime

from ciam_portal.core import clock, fetch
from ciam_portal.core.outbox import channels
from ciam_portal.core.outbox.models import Notice
from ciam_portal.oauth.models import Partner

_LATER = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}


def deliver(notice: Notice, content: dict[str, Any]) -> None:
    """POST it, while there is something to be fetched. Raises Undeliverable, NotNow or OSError."""
    partner = Partner.objects.filter(pk=content["partner"], is_enabled=True).first()
    until = parse_datetime(content["until"])
    if partner is None or not partner.notification_endpoint:
        raise channels.Undeliverable("no address")
    if until is not None and clock.now() >= until and notice.attempts > 1:
        raise channels.Undeliverable("over")
    body = json.dumps({"auth_req_id": content["auth_req_id"]}).encode()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {content['token']}"}
    try:
        status = fetch.post(partner.notification_endpoint, body, headers)
    except fetch.Unreachable as error:
        raise OSError(str(error)) from None
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _LATER:
        raise channels.NotNow(f"HTTP {status}")
    raise channels.Undeliverable(f"HTTP {status}")
