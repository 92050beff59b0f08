"""A customer at the keyboard: verbs for the journeys. Codes and links are read from the mail, as a person would."""

import email
import email.policy
import itertools
import re
import time
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import psycopg
import redis
from axe_playwright_python.sync_playwright import Axe
from celery import Celery
from django.apps import apps
from django.db.models import DateTimeField
from environ import Env
from playwright.sync_api import Page
from psycopg import sql
from psycopg.abc import QueryNoTemplate

from ciam_portal import celery as product
from tests.stack import Stack, people

PASSWORD = "seven lamps of quiet harbour"
_numbers = itertools.count(1)
_PATIENCE = 20.0
_TAGS = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


class Mailbox:
    """Everything that reached one address."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder, self.address = folder, address

    def messages(self) -> list[EmailMessage]:
        """What has arrived, oldest first."""
        files = sorted(self.folder.glob("*.eml"), key=lambda file: file.name)
        read = [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]
        return [mail for mail in read if mail["To"] == self.address]

    def wait_for(self, subject: str, count: int = 1, patience: float = _PATIENCE) -> EmailMessage:
        """The latest message whose subject contains these words, once ``count`` of them are there."""
        end = time.monotonic() + patience
        found: list[EmailMessage] = []
        while time.monotonic() < end:
            found = [mail for mail in self.messages() if subject in str(mail["Subject"])]
            if len(found) >= count:
                return found[-1]
            time.sleep(0.1)
        subjects = [str(mail["Subject"]) for mail in self.messages()]
        raise AssertionError(f"{count} mail(s) about {subject!r} wanted, there are: {subjects}")


def text_of(mail: EmailMessage) -> str:
    """The plain text of a mail."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def allow_all(page: Page) -> None:
    """A partner asks, and gets all of it."""
    page.get_by_role("heading", name=re.compile("asks to see")).wait_for()
    for box in page.get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Allow", exact=True).click()


def link_in(mail: EmailMessage) -> str:
    """The long link in a mail."""
    found = re.search(r"https?://\S+/[\w-]{30,}/", text_of(mail))
    assert found, text_of(mail)
    return found.group()


def code_in(mail: EmailMessage) -> str:
    """The code of eight digits in a mail."""
    found = re.search(r"\b\d{8}\b", text_of(mail))
    assert found, text_of(mail)
    return found.group()


def text_code(portal: Stack, number: str) -> str:
    """The newest code of eight digits that went to this phone number (E.164), once there is one."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        files = sorted(portal.sms_dir.iterdir(), key=lambda file: file.stat().st_mtime)
        texts = [text for text in (file.read_text() for file in files if file.is_file()) if number in text]
        if texts and (found := re.findall(r"\b\d{8}\b", texts[-1])):
            return str(found[-1])
        time.sleep(0.1)
    raise AssertionError(f"no code went to {number}")


def ask(portal: Stack, statement: QueryNoTemplate, *values: object) -> list[tuple[Any, ...]]:
    """Ask the portal's own database, as the owner of its tables, or change it."""
    known = Env.db_url_config(portal.env["DATABASE_OWNER_URL"])
    with psycopg.connect(host=known["HOST"], user=known["USER"], dbname=known["NAME"]) as connection:
        cursor = connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def earlier(portal: Stack, address: str, ago: timedelta, *only: str) -> None:
    """All that this customer ever did was so long ago; or only rows of these models, or columns (``app.Model.column``).

    Nobody moves a running clock: what waits, or has to be old, is moved back instead.
    """
    ((one,),) = ask(portal, "SELECT id FROM accounts_user WHERE email = %s", address)
    for app in ("accounts", "recovery"):
        for model in apps.get_app_config(app).get_models():
            label, columns = model._meta.label, {field.name: field for field in model._meta.fields}
            owner = model._meta.pk if label == "accounts.User" else columns.get("customer") or columns.get("user")
            moved = [
                sql.SQL("{0} = {0} - {1}").format(sql.Identifier(str(field.column)), sql.Literal(ago))
                for field in columns.values()
                if isinstance(field, DateTimeField) and (not only or {label, f"{label}.{field.name}"} & set(only))
            ]
            if owner is not None and moved:
                table, key, changes = sql.Identifier(model._meta.db_table), owner.column, sql.SQL(", ").join(moved)
                statement = sql.SQL("UPDATE {} SET {} WHERE {} = %s").format(table, changes, sql.Identifier(str(key)))
                ask(portal, statement, one)


def now_and_not_later(portal: Stack, task: str) -> None:
    """Give a worker a task that beat gives it once in a while, and wait until it is done."""
    with Celery(broker=portal.env["BROKER_URL"], set_as_current=False) as sender:
        sender.conf.update(task_queues=product.app.conf.task_queues, task_routes=product.app.conf.task_routes)
        sender.conf.task_default_queue = product.SECURITY
        sender.send_task(task)
    end = time.monotonic() + _PATIENCE
    while waiting_tasks(portal):
        assert time.monotonic() < end, f"{task} is not done"
        time.sleep(0.05)


def waiting_tasks(portal: Stack) -> int:
    """How many tasks no worker has finished yet."""
    with redis.Redis.from_url(portal.env["BROKER_URL"]) as broker:
        return sum(int(broker.llen(queue)) for queue in product.QUEUES) + int(broker.hlen("unacked"))


def use_codes_again(portal: Stack, address: str) -> None:
    """A code of an authenticator app works once; the one that was used last was another."""
    statement = (
        "UPDATE otp_totp_totpdevice SET last_t = -1 WHERE user_id = (SELECT id FROM accounts_user WHERE email = %s)"
    )
    ask(portal, statement, address)


def enter_as_staff(page: Page, portal: Stack, address: str) -> None:
    """Somebody of the demonstration's staff, through the same door as everybody, with two steps."""
    page.goto("/staff/")
    Customer(page, portal, address, people.PASSWORD).type_credentials()
    page.get_by_role("heading", name="Second step").wait_for()
    use_codes_again(portal, address)
    page.get_by_role("textbox").first.fill(portal.code(address))
    page.get_by_role("button", name="Continue", exact=True).click()


def look_at(page: Page) -> None:
    """The page that is shown is no wider than a phone, and has no accessibility fault."""
    page.wait_for_load_state()  # a click is done once the next page has begun
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, f"{page.url} is wider than a phone"
    for link in page.get_by_role("navigation", name="Main").get_by_role("link").all()[1:]:
        assert link.evaluate("link => link.offsetTop === link.closest('ul').querySelector('a').offsetTop"), page.url
    page.set_viewport_size({"width": 1280, "height": 900})
    faults = Axe().run(page, options=_TAGS)
    assert faults.violations_count == 0, f"{page.url}: {faults.generate_report()}"


class Customer:
    """Someone with an address, a password and a browser."""

    def __init__(self, page: Page, portal: Stack, address: str = "", password: str = PASSWORD) -> None:
        self.page, self.portal, self.password = page, portal, password
        self.address = address or f"customer{next(_numbers)}@example.net"
        self.mailbox = Mailbox(portal.mail_dir, self.address)

    def sign_up(self) -> None:
        """Create the account, read the mail, confirm the address, which signs in here; and sign out again."""
        self.page.goto("/sign-up/")
        self.page.get_by_label("Email address").fill(self.address)
        self.page.get_by_label("Password", exact=True).fill(self.password)
        self.page.get_by_role("button", name="Create account").click()
        self.page.get_by_role("heading", name="Check your mail").wait_for()
        self.page.goto(link_in(self.mailbox.wait_for("Confirm your email address")))
        self.page.get_by_role("button", name="Confirm this address").click()
        self.page.get_by_text("Your address is confirmed").wait_for()
        self.sign_out()

    def type_credentials(self) -> None:
        """Fill the sign-in form that is shown."""
        self.page.get_by_label("Email address").fill(self.address)
        self.page.get_by_label("Password", exact=True).fill(self.password)
        self.page.get_by_role("button", name="Sign in", exact=True).click()

    def sign_in(self) -> None:
        """Sign in with the password and see the overview."""
        self.page.goto("/sign-in/")
        self.type_credentials()
        self.page.get_by_role("button", name="Sign out").wait_for()

    def sign_in_elsewhere(self) -> None:
        """Sign in from a browser that is new: the password, then the code that was mailed for it."""
        before = len([mail for mail in self.mailbox.messages() if "code to sign in" in str(mail["Subject"])])
        self.page.goto("/sign-in/")
        self.type_credentials()
        self.page.get_by_role("heading", name="Second step").wait_for()
        self.type_code(code_in(self.mailbox.wait_for("code to sign in", count=before + 1)))
        self.page.get_by_role("button", name="Sign out").wait_for()

    def type_code(self, code: str) -> None:
        """Type the code from the mail."""
        self.page.get_by_label("Code from the mail").fill(code)
        self.page.get_by_role("button", name="Continue", exact=True).click()

    def sign_out(self) -> None:
        """Use the button on every page."""
        self.page.goto("/")
        self.page.get_by_role("button", name="Sign out").click()
        self.page.get_by_role("heading", name="You are signed out").wait_for()
