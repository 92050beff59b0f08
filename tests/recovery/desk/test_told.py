"""Every step is told in plain words: on every proven channel, and on the customer's own timeline."""

import email
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.activity import lines
from ciam_portal.core.outbox import tasks as delivery
from recovery.case import tasks
from tests.recovery import steps
from tests.recovery.desk.people import Desk, open_link, the_link
from tests.recovery.steps import Person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that is nudged is delivered at once."""
    monkeypatch.setattr(delivery.deliver, "apply_async", lambda kwargs, **_bounds: delivery.deliver(**kwargs))


@pytest.fixture
def team(db: None) -> Desk:
    """A helped recovery that went through all of its steps."""
    team = Desk()
    case = team.begin()
    for kind in ("mail", "sms"):
        team.ask_read_back(case, kind)
    team.read_back(case)
    team.call(case)
    team.document(case)
    team.approve(team.propose(case))
    with steps.later(days=3, minutes=1):
        tasks.sweep()
        person = Person(Client())
        open_link(person.client, the_link())
        person.finish()
    return team


def test_every_message_is_delivered_and_says_what_it_is_for(team: Desk, settings: Any, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND = "ciam_portal.core.outbox.channels.MailFiles"
    settings.MAIL_DIR, settings.SMS_DIR = str(tmp_path / "mail"), str(tmp_path / "sms")
    with steps.later(days=4):
        delivery.sweep()
    mails = [email.message_from_bytes(path.read_bytes()) for path in (tmp_path / "mail").glob("*.eml")]
    texts: dict[str, str] = {}
    for mail in mails:
        plain = next(part for part in mail.walk() if part.get_content_type() == "text/plain")
        payload = plain.get_payload(decode=True)
        assert isinstance(payload, bytes)
        texts[str(mail["Subject"]).split(" - ")[0].replace("\n", "")] = payload.decode()
    assert set(texts) >= {
        "Somebody has called our help desk about your account",
        "A code for your call with our help desk",
        "The recovery of your account goes on",
        "The recovery of your account can be finished now",
        "Your link to finish the recovery of your account",
        "The link that finishes the recovery was used",
        "Your account was recovered",
    }
    code = texts["A code for your call with our help desk"]
    assert "Read this code only to the help desk you called yourself" in code
    assert "/recover/stop/" in code
    assert "We never ask for your password or a code by mail or telephone" not in code
    link = texts["Your link to finish the recovery of your account"]
    assert "/recover/link/" in link
    assert "Give this link to nobody" in link
    assert [subject for subject, text in texts.items() if "/recover/link/" in text] == [
        "Your link to finish the recovery of your account"
    ]
    sms = [path.read_text() for path in (tmp_path / "sms").iterdir()]
    assert any("Read it only to the help desk you called yourself" in text for text in sms)
    assert len([text for text in sms if "Not you? Stop it: " in text]) == 8
    assert not any("/recover/link/" in text for text in sms)


def test_the_customers_timeline_shows_each_step(team: Desk) -> None:
    titles = [line.title for line in lines.page(team.customer).lines]
    for words in (
        "Help desk viewed your record: you asked us for help",
        "Our help desk was called in your name",
        "Our help desk sent you a code to be read back",
        "The code was read back to our help desk",
        "Our help desk looked at your phone number, to call you",
        "Our help desk says that it called your number",
        "Our help desk asked for an identity document",
        "Our help desk noted what an identity document shows",
        "One of our people proposed to help the caller",
        "Our people agreed to help the caller",
        "A link to finish the recovery was sent",
        "The link to finish the recovery was used",
        "Your account was recovered",
    ):
        assert words in titles, words
