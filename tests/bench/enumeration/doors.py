"""The doors at which a stranger names an address, asked over HTTP as a browser or the app asks them."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import httpx

from tests.accounts.headless.app import App

Ask = Callable[[str, str, int], float]
PASSWORD = "an otter reads the tide table"
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Door:
    """``ask``: how many seconds an answer took, at a portal, to an address, from the so-and-so-manieth network."""

    name: str
    ask: Ask

    @property
    def slug(self) -> str:
        """Its name in a domain."""
        return re.sub(r"[^a-z]+", "-", self.name)


def source(number: int) -> str:
    """Each from a network of its own: no limit is met."""
    return f"{100 + number // 250}.{number % 250}.7.9"


def page(path: str, field: str, **more: str) -> Ask:
    """A form of a page: opened first, which is not timed."""

    def ask(base: str, email: str, number: int) -> float:
        with httpx.Client(base_url=base, headers={"X-Forwarded-For": source(number)}) as browser:
            found = _TOKEN.search(browser.get(path).text)
            form = {field: email, "csrfmiddlewaretoken": found[1] if found else ""} | more
            answer = browser.post(path, data=form)
        assert answer.status_code in {200, 302}, (path, answer.status_code)
        return answer.elapsed.total_seconds()

    return ask


def app(path: str, expected: int, **more: str) -> Ask:
    """The app, which has a nonce already."""

    def ask(base: str, email: str, number: int) -> float:
        made = App(base=base)
        with made.http:
            made.http.headers["X-Forwarded-For"] = source(number)
            made.get("config")
            answer = made.once("POST", path, {"email": email} | more)
        assert answer.status_code == expected, (path, answer.status_code)
        return answer.elapsed.total_seconds()

    return ask


DOORS = (
    Door("sign-in", page("/sign-in/", "login", password=PASSWORD)),
    Door("forgotten password", page("/forgotten-password/", "email")),
    Door("recovery", page("/recover/", "email", lost_app="on")),
    Door("sign-up", page("/sign-up/", "email", password1=PASSWORD)),
    Door("app sign-in", app("auth/login", 400, password=PASSWORD)),
    Door("app forgotten password", app("auth/password/request", 200)),
    Door("app sign-up", app("auth/signup", 401, password=PASSWORD)),
)
