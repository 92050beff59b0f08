"""What is sent about a recovery reads well on every channel; and what was decided in it is decided so again."""

import email
from collections.abc import Callable
from email.message import EmailMessage, Message
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.outbox import tasks as delivery
from ciam_portal.core.policy.assurance import Method
from ciam_portal.governance import recompute
from recovery.case import tasks
from tests import mailed
from tests.factories import outbox, signed_in
from tests.recovery import steps
from tests.recovery.steps import Person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that is nudged is delivered at once."""
    monkeypatch.setattr(delivery.deliver, "apply_async", lambda kwargs, **_bounds: delivery.deliver(**kwargs))


@pytest.fixture
def done(customer: User) -> User:
    """Somebody whose recovery went through all of its steps."""
    steps.with_app(customer)
    steps.with_phone(customer)
    person = Person(Client())
    person.two_codes(customer.email)
    with steps.later(days=7, minutes=1):
        tasks.sweep()
        person.finish()
    return customer


def test_every_message_is_delivered_with_its_link(done: User, settings: Any, tmp_path: Path) -> None:
    settings.EMAIL_BACKEND = "ciam_portal.core.outbox.channels.MailFiles"
    settings.MAIL_DIR, settings.SMS_DIR = str(tmp_path / "mail"), str(tmp_path / "sms")
    with steps.later(days=8):
        delivery.sweep()
    texts = [path.read_text() for path in (tmp_path / "sms").iterdir()]
    mails = [email.message_from_bytes(path.read_bytes()) for path in (tmp_path / "mail").glob("*.eml")]
    subjects = {str(mail["Subject"]).split(" - ")[0] for mail in mails}
    assert {"Somebody is recovering your account", "The recovery of your account goes on"} <= subjects
    assert {"You can finish your recovery now", "Your account was recovered"} <= subjects
    assert all(f"To: {steps.PHONE}" in text for text in texts)
    assert len([text for text in texts if "Not you? Stop it: " in text and "/recover/stop/" in text]) == 4
    assert any("Your code to get back in" in subject for subject in subjects)


def test_every_decision_in_it_is_decided_so_again(done: User) -> None:
    kept = DecisionEntry.objects.filter(about=done.pk)
    questions = {entry.question.rsplit(".", 1)[1] for entry in kept}
    assert {"may_open", "may_show", "may_prove", "may_cool_off", "may_say_ready", "may_complete"} <= questions
    assert [entry.question for entry in kept if recompute.recompute(entry)] == []


def test_a_changed_recovery_address_and_a_lock_are_told_with_their_links(
    customer: User, settings: Any, tmp_path: Path
) -> None:
    steps.with_app(customer)
    phone, home = steps.with_phone(customer), Client()
    signed_in(home, customer, (Method.PASSWORD, Method.TOTP))
    home.post(f"/security/recovery/{phone.pk}/remove/")
    link = next(mail.words["undo_link"] for mail in outbox() if mail.to == steps.PHONE)
    browser = Client()
    browser.get(steps.path(link))
    browser.post(mailed.page(browser, "/this-was-not-me/"), {"do": "undo"})
    settings.EMAIL_BACKEND = "ciam_portal.core.outbox.channels.MailFiles"
    settings.MAIL_DIR, settings.SMS_DIR = str(tmp_path / "mail"), str(tmp_path / "sms")
    with steps.later(minutes=1):
        delivery.sweep()
    texts = "\n".join(path.read_text() for path in (tmp_path / "sms").iterdir())
    assert f"a recovery address was removed from your account. Not you? {link}" in texts
    assert "a recovery address was added to your account." in texts
    assert "your account is locked, and nobody can sign in. The way back: " in texts
    mails = [email.message_from_bytes(path.read_bytes()) for path in (tmp_path / "mail").glob("*.eml")]
    bodies = {str(mail["Subject"]).split(" - ")[0]: _text(mail) for mail in mails}
    assert link in bodies["A recovery address was removed"]
    assert "This follows from a change of your account that was taken back." in bodies["A recovery address was added"]
    assert "two different things" in bodies["A change was taken back and your account is locked"]


def _text(mail: Message) -> str:
    plain = next(part for part in mail.walk() if part.get_content_type() == "text/plain")
    return " ".join(bytes(plain.get_payload(decode=True) or b"").decode().split())


def plain(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_every_message_about_contacts_is_delivered(
    customer: User, sign_in: Callable[..., Client], settings: Any, tmp_path: Path
) -> None:
    settings.EMAIL_BACKEND = "ciam_portal.core.outbox.channels.MailFiles"
    settings.MAIL_DIR, settings.SMS_DIR = str(tmp_path / "mail"), str(tmp_path / "sms")
    steps.with_phone(customer)
    item = steps.with_contact(customer)
    home = sign_in(customer, on=Client())
    home.post("/security/recovery/contacts/add/", {"name": "Ben & Co", "email": "ben@example.org"})
    person = Person(Client())
    person.start(customer.email, lost=())
    person.send("contact")
    home.post(f"/security/recovery/contacts/{item.pk}/remove/")
    delivery.sweep()
    with steps.later(days=400):
        tasks.remind()
        delivery.sweep()
    mails = [email.message_from_bytes(path.read_bytes(), policy=default) for path in (tmp_path / "mail").glob("*.eml")]
    found = {(str(mail["To"]), str(mail["Subject"]).split(" - ")[0]) for mail in mails}
    assert found >= {
        ("ben@example.org", "Will you be a recovery contact?"),
        (customer.email, "Somebody was asked to be your recovery contact"),
        (steps.FRIEND, "Somebody asks for your help"),
        (customer.email, "Your recovery contacts were asked to help"),
        (customer.email, "A recovery contact was removed"),
        (steps.FRIEND, "You are no longer a recovery contact"),
        (customer.email, "Is this still how you get back in?"),
    }
    bodies = {str(mail["Subject"]).split(" - ")[0]: plain(mail) for mail in mails}
    assert "/recover/contact/" in bodies["Will you be a recovery contact?"]
    assert "Ben" not in bodies["Will you be a recovery contact?"]
    assert "It is Ben & Co (b···@example.org)" in bodies["Somebody was asked to be your recovery contact"]
    assert "Call the person you know, by voice" in bodies["Somebody asks for your help"]
    assert "- ···50" in bodies["Is this still how you get back in?"]
    texts = [path.read_text() for path in (tmp_path / "sms").iterdir()]
    assert len(texts) == 3
    assert not any("Ben" in text or "example.org" in text for text in texts)
