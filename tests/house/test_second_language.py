"""A second language is three things: texts in ``locale/de``, mails in ``templates/mail/de``, a line in settings.

Whoever signs in reads the language of their profile, everybody else that of their browser; mails are in the language of
whom they are about, whoever caused them.
"""

import email
from datetime import datetime
from email import policy
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po, write_po
from django.test import Client
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from accounts.models import Session, User
from accounts.restrictions.notices import AccountSuspended
from accounts.restrictions.policy import RestrictionKind, WhyRestrict, told
from ciam_portal.core import clock
from ciam_portal.core.outbox import channels
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.outbox.notice import Medium, language_of
from ciam_portal.core.outbox.tell import tell
from ciam_portal.core.words import UNKNOWN
from tests import catalogue, factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_german")]

GERMAN = {
    "Sign in": "Anmelden",
    "Where you are signed in": "Wo Sie angemeldet sind",
    "you asked us to": "Sie uns darum gebeten haben",
    "{browser} on {system}": "{browser} unter {system}",
    "Unknown": "Unbekannt",
    "j F Y, H:i": "j. F Y, H:i",
}


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As a translator makes them: an empty file, `make texts`, filled in, `make texts` again."""
    folder = tmp_path_factory.mktemp("locale")
    path = folder / "de" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True)
    path.touch()
    catalogue.bring_up_to_date(folder)
    with path.open("rb") as file:
        catalog = read_po(file, locale="de")
    for text, said in GERMAN.items():
        catalog[text].string = said
    with path.open("wb") as file:
        write_po(file, catalog)
    catalogue.bring_up_to_date(folder)
    return folder


@pytest.fixture
def _german(settings: Any, texts: Path, tmp_path: Path) -> None:
    for folder, text in {
        "mail": "Ihr Konto pausiert\n\nBis {{ until }}.\n\nDas geschah, weil {{ reason }}.",
        "sms": "{{ portal_name }}: Ihr Konto pausiert bis {{ until }}.",
    }.items():
        path = tmp_path / folder / "de" / "account_suspended.txt"
        path.parent.mkdir(parents=True)
        path.write_text(text)
    settings.LANGUAGES = [*settings.LANGUAGES, ("de", "Deutsch")]
    settings.LOCALE_PATHS = [*settings.LOCALE_PATHS, texts]
    settings.TEMPLATES = [dict(settings.TEMPLATES[0], DIRS=[*settings.TEMPLATES[0]["DIRS"], tmp_path])]
    settings.EMAIL_BACKEND = "ciam_portal.core.outbox.channels.MailFiles"
    settings.MAIL_DIR, settings.SMS_DIR = str(tmp_path / "mails"), str(tmp_path / "texts")


def test_a_stranger_reads_the_language_of_their_browser(client: Client) -> None:
    page = client.get("/sign-in/", headers={"Accept-Language": "de-CH,de;q=0.9,en;q=0.5"})
    assert '<html lang="de">' in page.text
    assert "<h1>Anmelden</h1>" in page.text
    assert "<h1>Sign in</h1>" in client.get("/sign-in/", headers={"Accept-Language": "fr"}).text


def test_who_signs_up_in_german_is_told_in_german(client: Client) -> None:
    form = {"email": "neu@example.com", "password1": factories.PASSWORD}
    client.post("/sign-up/", form, headers={"Accept-Language": "de"})
    assert User.objects.get(email="neu@example.com").locale == "de"


def test_a_customer_reads_the_language_of_their_profile(client: Client, customer: User, sign_in: Any) -> None:
    User.objects.filter(pk=customer.pk).update(locale="de")
    browser = sign_in(customer)
    Session.objects.update(browser=UNKNOWN, system="Linux")
    page = browser.get("/sessions/", headers={"Accept-Language": "en"})
    assert "Wo Sie angemeldet sind" in page.text
    assert "Unbekannt unter Linux" in page.text
    assert page["Content-Language"] == "de"


def test_a_language_that_is_no_longer_offered_is_not_used(customer: User, sign_in: Any) -> None:
    customer.locale = "fr"
    customer.save(update_fields=["locale"])
    assert language_of(customer) == "en"
    page = sign_in(customer).get("/sessions/", headers={"Accept-Language": "fr"})
    assert page["Content-Language"] == "en"


def test_mail_and_text_message_are_in_the_language_of_the_customer(
    customer: User, tmp_path: Path, noon: datetime
) -> None:
    customer.locale = "de"
    customer.save(update_fields=["locale"])
    with translation.override("en"):  # as staff or a job cause it
        reason = _(told(WhyRestrict.CUSTOMER_ASKED, RestrictionKind.SUSPEND).words)
        notice = AccountSuspended(reason=reason, until=customer.local(noon), number="1")
        for medium, to in ((Medium.MAIL, customer.email), (Medium.SMS, "+4712345678")):
            tell(customer, notice, to=[to], at=clock.now(), channel=medium)
        for row in Notice.objects.all():
            channels.send(row)
    (mail,) = (tmp_path / "mails").glob("*.eml")
    message = email.message_from_bytes(mail.read_bytes(), policy=policy.default)
    parts = {part.get_content_type(): part for part in message.walk()}
    text = parts["text/plain"].get_content()
    assert "Bis 1. März 2026, 12:00 (UTC)." in text
    assert "Das geschah, weil Sie uns darum gebeten haben." in text
    assert '<html lang="de">' in parts["text/html"].get_content()
    (sms,) = (tmp_path / "texts").glob("*.txt")
    assert "Ihr Konto pausiert bis 1. März 2026, 12:00 (UTC)." in sms.read_text()
