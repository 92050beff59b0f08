"""The outbox: nothing is lost, nothing is sent twice where that can be avoided, nothing is kept that was sent."""

import email
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
import time_machine
from django.db import connection, transaction

from accounts.account.notices import PasswordChanged
from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.core.outbox import channels, tasks
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.outbox.notice import Medium, NoticeBase
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.policy import limits
from tests.at_once import SOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def files(settings: Any, tmp_path: Path) -> Path:
    settings.EMAIL_BACKEND = "ciam_portal.core.outbox.channels.MailFiles"
    settings.MAIL_DIR, settings.SMS_DIR = str(tmp_path / "mail"), str(tmp_path / "sms")
    return tmp_path


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a worker is nudged to do, it does at once."""
    monkeypatch.setattr(tasks.deliver, "apply_async", lambda kwargs, **_bounds: tasks.deliver(**kwargs))


@pytest.fixture
def row(customer: User) -> Notice:
    tell(customer, PasswordChanged(), to=[customer.email, customer.email], at=clock.now())
    return Notice.objects.get()


def test_recipient_and_content_are_sealed_until_sent_and_gone_after(row: Notice, customer: User, files: Path) -> None:
    assert customer.email not in row.sealed
    tasks.deliver(notice=str(row.pk))
    row.refresh_from_db()
    assert (row.state, row.sealed) == (Notice.State.SENT, "")
    (file,) = (files / "mail").glob("*.eml")
    mail = email.message_from_bytes(file.read_bytes())
    assert mail["To"] == customer.email
    assert {part.get_content_type() for part in mail.walk()} >= {"text/plain", "text/html"}


def test_delivering_twice_sends_once(row: Notice, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[object] = []
    monkeypatch.setattr(channels, "send", sent.append)
    tasks.deliver(notice=str(row.pk))
    tasks.deliver(notice=str(row.pk))
    assert tasks.sweep() == 0
    assert len(sent) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_at_the_same_moment_one_takes_it(unlocked_audit: None, row: Notice) -> None:
    taken: list[Notice | None] = []

    def take() -> None:
        taken.append(tasks._claim(row.pk))
        connection.close()

    other = threading.Thread(target=take)
    with transaction.atomic():
        assert tasks._claim(row.pk) is not None
        other.start()
        other.join(SOON)
        assert taken == [None]  # and it did not wait for the first
    other.join(SOON)


def test_a_message_held_by_a_dead_worker_is_taken_over(at_once: None, row: Notice, files: Path) -> None:
    row.claim(clock.now(), limits.current().notices.claim_seconds)
    tasks.deliver(notice=str(row.pk))
    assert not (files / "mail").exists()
    with time_machine.travel(clock.now() + timedelta(seconds=limits.current().notices.claim_seconds + 1)):
        assert tasks.sweep() == 1
    assert len(list((files / "mail").glob("*.eml"))) == 1


def test_a_message_keeps_its_id_at_every_attempt(row: Notice, files: Path) -> None:
    channels.send(row)
    channels.send(row)
    assert [file.stem for file in (files / "mail").glob("*.eml")] == [str(row.pk)]


def test_a_text_message_goes_to_its_own_carrier(customer: User, files: Path, tmp_path: Path, settings: Any) -> None:
    @dataclass(frozen=True, slots=True)
    class Ping(NoticeBase):
        template: ClassVar[str] = "ping"
        code: str

    (tmp_path / "t/sms").mkdir(parents=True)
    (tmp_path / "t/sms/ping.txt").write_text("Code {{ code }}")
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": [str(tmp_path / "t")]}]
    tell(customer, Ping(code="4711"), to=["+4740612345"], channel=Medium.SMS, at=clock.now())
    tasks.deliver(notice=str(Notice.objects.get().pk))
    (file,) = (files / "sms").glob("*.txt")
    assert file.read_text() == "To: +4740612345\n\nCode 4711\n"


def test_a_broker_that_is_down_loses_no_message(
    customer: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
    files: Path,
    noon: datetime,
) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise OSError

    monkeypatch.setattr(tasks.deliver, "apply_async", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        tell(customer, PasswordChanged(), to=[customer.email], at=noon)
    monkeypatch.undo()
    assert tasks.sweep() == 1
    tasks.deliver(notice=str(Notice.objects.get().pk))
    tasks.deliver(notice=str(Notice.objects.get().pk))
    assert len(list((files / "mail").glob("*.eml"))) == 1
