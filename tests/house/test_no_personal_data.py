"""Sentinel names, addresses, secrets and codes walk through the portal; none may appear in audit or logs."""

import json
import logging
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from tests import mailed
from tests.factories import Message

pytestmark = pytest.mark.django_db

EMAIL, OTHER, STRANGER = "sentinel-one@example.com", "sentinel-two@example.com", "sentinel-three@example.com"
PASSWORD, WRONG = "sentinel tannery okapi gable", "sentinel wrong password here"
NAME, PHONE = "Sentinel Nameson", "+4722855050"


@pytest.mark.control("v5.0.0-16.2.5")
def test_no_personal_data_reaches_audit_or_logs(
    caplog: pytest.LogCaptureFixture, outbox: Callable[[], list[Message]]
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.INFO, logger="django.db.backends")  # the development log of queries is never on
    client = Client()
    client.post("/sign-up/", {"email": EMAIL, "password1": PASSWORD})
    link = outbox()[-1].words["link"]
    client.get("/" + link.split("/", 3)[3], follow=True)
    client.post(mailed.page(client, "/confirm-email/"))
    client.post("/sign-in/", {"login": EMAIL, "password": WRONG})
    client.post("/sign-in/", {"login": STRANGER, "password": WRONG})
    client.post("/sign-in/", {"login": EMAIL, "password": PASSWORD})
    client.post("/profile/", {"name": NAME, "phone": PHONE, "locale": "en", "timezone": "UTC"})
    client.post("/security/email/", {"email": OTHER})
    client.post("/forgotten-password/", {"email": EMAIL})
    client.post("/forgotten-password/", {"email": STRANGER})
    client.get(f"/nowhere/{STRANGER}/")
    secrets = [str(value) for mail in outbox() for value in mail.words.values() if "/" in str(value)]
    tails = [secret.rstrip("/").rsplit("/", 1)[1] for secret in secrets]
    sentinels = [EMAIL, OTHER, STRANGER, PASSWORD, WRONG, NAME, PHONE, *(tail for tail in tails if len(tail) > 30)]
    rows = [*AuditEntry.objects.values(), *DecisionEntry.objects.values()]
    assert len(rows) > 10
    assert User.objects.get().email == EMAIL
    written = json.dumps(rows, default=str)
    logged = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("django.request"))
    for sentinel in sentinels:
        assert sentinel not in written
        assert sentinel not in logged
