"""A database or cache that is away, or says nothing: a page or JSON within seconds, one line in the log."""

import logging
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.test import Client

from ciam_portal.core import request_id

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("unlocked_audit")]
DESK = "Our help desk:"


@pytest.fixture
def _away() -> Iterator[None]:
    """What a server that was restarted leaves behind, and one that cannot be reached again."""
    connection.ensure_connection()
    connection.connection.close()
    connection.health_check_done = True  # type: ignore[attr-defined]
    yield
    connection.close()


@pytest.mark.usefixtures("_away")
@pytest.mark.parametrize("path", ["/", "/sign-in/", "/profile/", "/oauth/authorize/?client_id=x", "/staff/"])
def test_a_database_that_is_away_gets_a_page_that_says_so(path: str, caplog: pytest.LogCaptureFixture) -> None:
    client = Client(raise_request_exception=False)
    client.cookies["session"] = "s" * 32
    page = client.get(path)
    assert (page.status_code, page["Retry-After"]) == (503, "10")
    assert "Please try again in a moment" in page.text
    assert DESK in page.text
    (line,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert "the database does not answer (OperationalError)" in line.getMessage()
    assert not line.exc_info


@pytest.mark.usefixtures("_away")
def test_partners_get_json() -> None:
    answer = Client(raise_request_exception=False).get("/api/profile", headers={"authorization": "Bearer " + "x" * 43})
    assert (answer.status_code, answer["Retry-After"]) == (503, "10")
    assert answer.json() == {"error": "temporarily_unavailable"}


def test_a_request_does_not_wait_for_a_server_that_says_nothing(settings: Any) -> None:
    settings.DATABASE_PATIENCE_SECONDS = 0.2
    ours = connections.create_connection("default")
    answering = request_id.current.set("a" * 32)
    try:
        with ours.cursor() as cursor:
            began = time.monotonic()
            with pytest.raises(OperationalError):
                cursor.execute("SELECT pg_sleep(5)")
        assert time.monotonic() - began < 3
        assert ours.connection.closed
        ours.close_if_unusable_or_obsolete()
        with ours.cursor() as cursor:  # and the next request has another connection
            cursor.execute("SELECT 1")
    finally:
        request_id.current.reset(answering)
        ours.close()


def test_a_job_takes_its_time(settings: Any) -> None:
    settings.DATABASE_PATIENCE_SECONDS = 0.2
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.5)")


def test_nobody_waits_long_for_a_server_that_does_not_greet() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        ours = connections.create_connection("default")
        options = ours.settings_dict["OPTIONS"]
        assert options["connect_timeout"] <= 3
        there = {"HOST": "127.0.0.1", "PORT": silent.getsockname()[1], "OPTIONS": options | {"connect_timeout": 2}}
        ours.settings_dict = ours.settings_dict | there
        began = time.monotonic()
        with pytest.raises(OperationalError):
            ours.ensure_connection()
        assert time.monotonic() - began < 5
