"""Tokens of a service, made again while others end what they rest on, and while a connection dies."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections

from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.postgres import prepared
from ciam_portal.oauth.models import AccessToken, Partner
from tests.ciam_portal.test_repeats import still  # noqa: F401  (a fixture)
from tests.ciam_portal.test_repeats_anew import Service

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("unlocked_audit", "unhurried", "still"),
]


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    assert [service.asks()[0] for _ in range(3)] == ["200 OK"] * 3
    yield service
    entry = AuditEntry.objects.get(name="oauth.partner_authorized")
    assert entry.stands_for == AccessToken.objects.count()  # whatever happened, there is none that was not counted


@pytest.mark.control("v5.0.0-10.4.14")
def test_no_token_is_made_after_its_partner_was_switched_off(service: Service) -> None:
    over = threading.Event()

    def ask(_: int) -> tuple[bool, str]:
        try:
            was_over = over.is_set()
            return was_over, service.asks()[0]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as several:
        racing = [several.submit(ask, number) for number in range(60)]
        time.sleep(0.1)
        Partner.objects.update(is_enabled=False)
        over.set()
        racing += [several.submit(ask, number) for number in range(20)]
        found = [each.result() for each in racing]
    assert {status for was_over, status in found if was_over} == {"401 Unauthorized"}
    assert AccessToken.objects.count() == 3 + sum(status == "200 OK" for _over, status in found)


def test_a_connection_that_dies_after_all_was_found_to_stand_costs_nobody_a_token(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    row: Callable[..., Any] = prepared.row
    dying = iter([True])

    def once(asked: prepared.Part) -> Any:
        found = row(asked)
        if next(dying, False):
            other = connections.create_connection("default")
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])
            other.close()
        return found

    monkeypatch.setattr(prepared, "row", once)
    assert [service.asks()[0] for _ in range(4)] == ["200 OK"] * 4
    assert AccessToken.objects.count() == 7
