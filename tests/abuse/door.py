"""What a visitor does at the portal, over any carrier of requests: the very pages, forms, mails and links."""

import hashlib
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from typing import Protocol

from tests.abuse.people import CPU_SECONDS, Style, Visitor

PASSWORD = "a passphrase of this visitor"
BROWSER_HASHES = 840_000  # a second, of plain JavaScript on one core
_FIELD = re.compile(r'name="(csrfmiddlewaretoken|begun|ticket)"[^>]* value="([^"]*)"')
_WORK = re.compile(r'data-seed="([^"]*)" data-bits="(\d+)"')
_PARTS = 16
_ADD_PHONE, _CONFIRM_PHONE = "/security/recovery/add/sms/", "/security/recovery/confirm/"


class Browser(Protocol):
    """One visitor's browser."""

    def get(self, path: str) -> "Page":
        """Ask for a page, and follow where it leads."""

    def post(self, path: str, data: Mapping[str, str]) -> "Page":
        """Send a form, and do not follow."""


@dataclass(frozen=True, slots=True)
class Page:
    """What came back."""

    status: int
    text: str = ""
    path: str = ""

    @property
    def fields(self) -> dict[str, str]:
        """Its hidden ones."""
        return dict(_FIELD.findall(self.text))


class Answer(StrEnum):
    """How a sign-up was answered. ``TAKEN``: like everybody's, whatever became of it."""

    TAKEN = "taken"
    CHALLENGED = "challenged"
    REFUSED = "refused"


@dataclass
class Came:
    """What a visit came to. ``answer`` None: it was no sign-up; ``took``: seconds for the answer to the form."""

    visitor: Visitor
    answer: Answer | None = None
    challenged: bool = False
    took: float = 0.0
    said: str = ""


@dataclass
class Purse:
    """What all bots together may compute, in seconds of a core of theirs."""

    left: float = CPU_SECONDS
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def pay(self, bits: int) -> bool:
        """Whether there is enough left for one more piece of work."""
        cost = _PARTS * 2**bits / BROWSER_HASHES
        with self._lock:
            if cost > self.left:
                return False
            self.left -= cost
            return True


def visit(visitor: Visitor, browser: Browser, purse: Purse, wait: Callable[[float], object] = time.sleep) -> Came:
    """All of one visit, but for what comes by mail."""
    came = Came(visitor)
    try:
        if visitor.style is Style.BOMBER:
            _bomb(came, browser)
        elif visitor.style is Style.ENUMERATOR:
            _enumerate(came, browser)
        else:
            _sign_up(came, browser, purse, wait)
    except OSError as error:
        came.answer, came.said = Answer.REFUSED, type(error).__name__
    return came


def _sign_up(came: Came, browser: Browser, purse: Purse, wait: Callable[[float], object]) -> None:
    visitor, form = came.visitor, browser.get("/sign-up/")
    wait(visitor.seconds)
    typed = form.fields | {"email": visitor.email, "password1": PASSWORD}
    if visitor.style is Style.FLOOD:
        typed |= {"website": "https://example.com"}  # it fills in whatever there is
    began = time.perf_counter()
    page = browser.post("/sign-up/", typed)
    came.took = time.perf_counter() - began
    came.answer = _answer(page)
    asked = _WORK.search(page.text)
    if came.answer is Answer.CHALLENGED and asked:
        came.challenged = True
        bits = int(asked[2])
        if visitor.is_genuine or purse.pay(bits):
            came.answer = _answer(browser.post("/sign-up/", page.fields | {"work": work(asked[1], bits)}))


def _answer(page: Page) -> Answer:
    if page.status == 302:
        return Answer.TAKEN
    return Answer.CHALLENGED if page.status == 200 and "ticket" in page.fields else Answer.REFUSED


def _bomb(came: Came, browser: Browser) -> None:
    """Every door that sends a mail."""
    form = browser.get("/sign-up/").fields | {"email": came.visitor.email}
    for path, more in (("/forgotten-password/", {}), ("/sign-up/", {"password1": PASSWORD}), ("/recover/", {})):
        came.said += f" {browser.post(path, form | more).status}"


def _enumerate(came: Came, browser: Browser) -> None:
    """Is there an account? What a new password answers, and where it leads."""
    form = browser.get("/forgotten-password/").fields
    page = browser.post("/forgotten-password/", form | {"email": came.visitor.email})
    came.said = f"{page.status} {page.path}"


def confirm(browser: Browser, link: str) -> bool:
    """Follow the link of a mail and press the button: whether the account can be used now."""
    page = browser.get(link)
    if page.status != 200 or "/confirm-email/" not in page.path:
        return False
    return browser.post(page.path, page.fields).status in {200, 302}


def show_phone(browser: Browser, visitor: Visitor, code: Callable[[str], str]) -> bool:
    """Sign in and confirm a phone, as the Security page says; ``code``: what a text message to a number says."""
    form = browser.get("/sign-in/").fields
    browser.post("/sign-in/", form | {"login": visitor.email, "password": PASSWORD})
    page = browser.get(_ADD_PHONE)
    if page.path != _ADD_PHONE or browser.post(_ADD_PHONE, page.fields | {"phone": visitor.phone}).status != 302:
        return False
    form = browser.get(_CONFIRM_PHONE).fields
    return browser.post(_CONFIRM_PHONE, form | {"code": code(visitor.phone)}).status == 302


def work(seed: str, bits: int) -> str:
    """The work of a challenge."""
    return ",".join(str(_number(seed, part, bits)) for part in range(_PARTS))


def _number(seed: str, part: int, bits: int) -> int:
    head = hashlib.sha256(f"{seed}:{part}:".encode())
    for each in count():
        tried = head.copy()
        tried.update(str(each).encode())
        if int.from_bytes(tried.digest()[:4]) >> (32 - bits) == 0:
            return each
    raise AssertionError
