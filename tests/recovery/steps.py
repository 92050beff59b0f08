"""What a customer does in a recovery, through the pages, and what the tests look at."""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import time_machine
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django_otp.oath import TOTP

from accounts.factors import verifier as factors
from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.core.outbox import mail
from recovery.case.views import attempt as attempts
from recovery.models import Case, Contact, RecoveryAddress
from tests import factories, mailed

PHONE = "+4722855050"
FRIEND = "may@example.org"
NEW = "seven lamps of quiet harbour"
FINISH = "/recover/finish/"
SEED = b"12345678901234567890"


def path(link: str) -> str:
    """The path of a link in a message."""
    return "/" + link.split("/", 3)[3]


def code_at(seed: bytes, at: datetime) -> str:
    """What an authenticator app with this seed shows."""
    totp = TOTP(seed, 30, 0, 6)
    totp.time = at.timestamp()
    return f"{totp.token():06d}"


def with_app(customer: User) -> None:
    """The customer's account has an authenticator app, bound an hour ago."""
    at = clock.now() - timedelta(hours=1)
    assert factors.add_app(customer, SEED, code_at(SEED, at), at)


def with_phone(customer: User, *, rested: bool = True) -> RecoveryAddress:
    """The customer has proven a phone number for recovery, long ago or just now."""
    at = clock.now() - timedelta(days=30 if rested else 0)
    return RecoveryAddress.objects.create(
        customer=customer, kind="sms", address=PHONE, proven_at=at, usable_from=at + timedelta(hours=72)
    )


def with_contact(customer: User, address: str = FRIEND, *, rested: bool = True) -> Contact:
    """The customer has named somebody who agreed, long ago or just now."""
    at = clock.now() - timedelta(days=30 if rested else 0)
    return Contact.objects.create(
        customer=customer,
        name="Aunt May",
        address=address,
        invited_at=at,
        accepted_at=at,
        usable_from=at + timedelta(hours=72),
    )


def help_link(address: str = FRIEND) -> str:
    """The path of the newest link that this contact got."""
    sent = [mail for mail in factories.outbox() if mail.kind == "recovery_contact_asked" and mail.to == address]
    return path(sent[-1].words["link"])


def vouch(link: str) -> Any:
    """A contact opens the link in a browser of their own and shows the code."""
    browser = Client()
    browser.get(link, follow=True)
    return browser.post(mailed.page(browser, "/recover/help/"), {"spoken": "on"})


def read_out(page: Any) -> str:
    """The code on that page, as somebody reads it."""
    return str(page.context["code"])


@dataclass
class Person:
    """Somebody at a browser who says that an account is theirs."""

    client: Client

    def start(self, email: str, *, lost: tuple[str, ...] = ("lost_app",)) -> Any:
        """Name the account."""
        return self.client.post("/recover/", {"email": email} | dict.fromkeys(lost, "on"), follow=True)

    def send(self, way: str) -> Any:
        """Ask for a code."""
        return self.client.post(self.here("/recover/send/"), {"way": way}, follow=True)

    def show(self, way: str, code: str) -> Any:
        """Type it."""
        return self.client.post(self.here("/recover/show/"), {"way": way, "code": code}, follow=True)

    def here(self, path: str) -> str:
        """The address of this page, as it stands in the forms that this browser is shown."""
        return f"{path}?try={attempts.handle(self.key())}"

    def key(self) -> str:
        """The key of this browser's try."""
        found = self.client.cookies.get(settings.RECOVERY_COOKIE_NAME)
        return found.value if found else ""

    def two_codes(self, email: str) -> Any:
        """Show a code by mail and one from the sheet that the customer kept."""
        sheet = factors.make_backup_codes(User.objects.get(email=email), clock.now())
        self.start(email)
        self.show("mail", latest("recovery_code"))
        return self.show("saved", sheet[0])

    def finish(self, password: str = NEW) -> Any:
        """Choose a password and add the app that the page offers."""
        page = self.client.get("/recover/finish/", follow=True)
        fields, here = {"password": password}, page.context["here"] if "here" in (page.context or ()) else FINISH
        if page.context and page.context.get("secret"):
            seed = base64.b32decode(str(page.context["secret"]).replace(" ", ""))
            fields["code"] = code_at(seed, clock.now())
        return self.client.post(here, fields, follow=True)


def latest(kind: str) -> str:
    """The code in the newest message of this kind."""
    return str([mail for mail in factories.outbox() if mail.kind == kind][-1].words["code"])


def news(step: str) -> list[factories.Message]:
    """The messages about this step."""
    return [mail for mail in factories.outbox() if mail.kind == "recovery_news" and mail.words["step"] == step]


def texts(sent: factories.Message) -> tuple[str, ...]:
    """What it says as plain mail, as HTML mail and on a phone."""
    composed = mail.compose(sent.kind, sent.words)
    return composed.text, composed.html, mail.fill(f"sms/{sent.kind}.txt", sent.words)


def case_of(customer: User) -> Case:
    """The customer's newest recovery."""
    return Case.objects.filter(customer=customer).latest("opened_at")


def later(**spans: float) -> Any:
    """Travel to a later instant; the shared cache keeps its own time, so its windows are ended by hand."""
    cache.clear()
    return time_machine.travel(clock.now() + timedelta(**spans), tick=True)
