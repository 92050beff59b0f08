"""A database or cache that is away, met by what is no request: one line says so, and nothing is lost."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from celery.exceptions import Ignore
from django.db import InterfaceError, OperationalError
from redis.exceptions import ConnectionError as RedisAway

from ciam_portal.celery import app
from ciam_portal.core.outbox import tasks
from ciam_portal.core.outbox.models import Notice

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "error", [OperationalError("connection failed\nmore"), InterfaceError("closed"), RedisAway("refused"), RedisAway()]
)
def test_a_task_ends_with_one_line(
    error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_args: object) -> None:
        raise error

    monkeypatch.setattr(Notice.objects, "due", away)
    with pytest.raises(Ignore):
        app.tasks["notifications.sweep"]()
    (record,) = caplog.records
    assert record.getMessage().startswith("notifications.sweep is not done: ")
    assert "\n" not in record.getMessage()
    assert record.exc_info is None


@pytest.mark.django_db
def test_any_other_fault_of_a_task_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object) -> None:
        raise ValueError

    monkeypatch.setattr(Notice.objects, "due", broken)
    with pytest.raises(ValueError):  # noqa: PT011  (its type is what matters)
        tasks.sweep()


@pytest.mark.parametrize("command", [["outbox"], ["addresses"], ["migrate", "--check"]])
def test_a_command_says_it_in_a_sentence(command: list[str]) -> None:
    nobody = {"DATABASE_URL": "postgres://ciam@127.0.0.1:9/ciam", "DATABASE_OWNER_URL": "postgres://x@127.0.0.1:9/ciam"}
    run = [sys.executable, "-W", "ignore", "manage.py", *command]
    done = subprocess.run(run, cwd=ROOT, env=os.environ | nobody, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("A service does not answer: ")
    assert "Traceback" not in done.stderr
