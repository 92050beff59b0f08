"""Services and processes that stop, hang and come back while people sign up: nothing is lost, and nobody sees a 500.

The whole portal runs, with a mail server of ours. Each outage meets somebody who has the page open already.
"""

import email
import itertools
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus

import httpx
import pytest
import redis

from tests import smtp
from tests.stack import Stack

PASSWORD = "seven lamps of quiet harbour"
PATIENCE = 60.0
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101"
_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class World:
    """The portal, and where its mail goes."""

    portal: Stack
    sink: smtp.Sink

    def mails_to(self, address: str) -> int:
        return sum(message["To"] == address for message in map(email.message_from_bytes, self.sink.taken))

    def hang(self, name: str) -> "Callable[[], None]":
        """Stop a process and its children as they are; what is returned lets them go on."""
        numbers = programs(self.portal, name)
        for number in numbers:
            os.kill(number, signal.SIGSTOP)

        def go_on() -> None:
            for number in numbers:
                os.kill(number, signal.SIGCONT)

        return go_on

    def stop(self, name: str) -> "Callable[[], None]":
        """Kill it without warning; what is returned is what `make run` does then."""
        self.portal._running[name].send_signal(signal.SIGUSR1)
        wait_until(lambda: self.portal._running[name].poll() is not None)

        def again() -> None:
            assert self.portal.mend() == [name]
            assert self.portal.mend() == []

        return again

    def is_whole(self) -> bool:
        try:
            return self.ready().status_code == HTTPStatus.OK
        except httpx.HTTPError:
            return False

    def ready(self) -> httpx.Response:
        return httpx.get(f"{self.portal.url}/readyz?whole", timeout=PATIENCE)


class Person:
    """Somebody at the sign-up page, who presses its button again when the portal says *later*."""

    def __init__(self, world: World) -> None:
        self.address = f"person{next(_numbers)}@example.com"
        self.http = httpx.Client(base_url=world.portal.url, headers={"User-Agent": AGENT}, timeout=PATIENCE)
        self.http.get("/sign-up/").raise_for_status()

    def press(self) -> httpx.Response:
        token = {"csrfmiddlewaretoken": self.http.cookies["csrf"]}
        return self.http.post("/sign-up/", data={"email": self.address, "password1": PASSWORD, **token})

    def is_done(self) -> bool:
        try:
            answer = self.press()
        except httpx.TransportError:  # nobody listens, while web starts again
            return False
        if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            assert int(answer.headers["Retry-After"]) > 0
            time.sleep(1)  # nobody presses five times a second, and so often in an hour as an outage may take
        if answer.status_code in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.CONFLICT}:  # or: it is still being done
            return False
        assert answer.status_code == HTTPStatus.FOUND, answer.status_code
        return True


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with smtp.running() as sink, Stack.temporary(durable=True, EMAIL_URL=f"smtp://127.0.0.1:{sink.port}") as portal:
        there = World(portal, sink)
        wait_until(there.is_whole)
        yield there


@pytest.fixture(autouse=True)
def _an_hour_of_its_own(world: World) -> None:
    """All of them come from one network address, to one mail domain: each test has an hour of its own for both."""
    with redis.Redis.from_url(world.portal.env["CACHE_URL"]) as cache:
        for kind in ("*budget:*", "*velocity:sign_up:*"):
            for key in cache.scan_iter(kind):
                cache.delete(key)


@pytest.fixture
def meet(world: World) -> Iterator[Callable[[], Person]]:
    """Somebody comes to the sign-up page."""
    with ExitStack() as left:

        def come() -> Person:
            person = Person(world)
            left.callback(person.http.close)
            return person

        yield come


def programs(portal: Stack, name: str) -> list[int]:
    """The process that a leash holds, and those below it, without the leash."""
    found = children(portal._running[name].pid)
    return [*found, *(each for number in found for each in children(number))]


def children(number: int) -> list[int]:
    with open(f"/proc/{number}/task/{number}/children", encoding="ascii") as listed:  # noqa: PTH123  (not of the disk)
        return [int(each) for each in listed.read().split()]


def wait_until(true: Callable[[], bool], patience: float = PATIENCE) -> None:
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end
        time.sleep(0.2)


@pytest.mark.parametrize("name", ["valkey", "postgres", "mail", "worker", "beat", "web"])
def test_what_is_killed_is_started_again_and_who_signs_up_meanwhile_gets_the_mail(
    world: World, meet: Callable[[], Person], name: str
) -> None:
    person = meet()
    again = world.stop(name)
    done = name != "web" and person.is_done()
    again()
    if not done:
        wait_until(person.is_done)
    wait_until(lambda: world.mails_to(person.address) > 0)
    wait_until(world.is_whole)
    assert_nothing_is_doubled(world)


@pytest.mark.parametrize(("name", "missing"), [("valkey", "cache"), ("postgres", "database"), ("mail", "mail worker")])
def test_what_hangs_is_named_and_who_signs_up_meanwhile_gets_the_mail(
    world: World, meet: Callable[[], Person], name: str, missing: str
) -> None:
    person = meet()
    go_on = world.hang(name)
    try:
        start = time.monotonic()
        done = person.is_done()
        assert time.monotonic() - start < 25
        wait_until(lambda: world.ready().json()[missing] != "ok")
    finally:
        go_on()
    if not done:
        wait_until(person.is_done)
    wait_until(lambda: world.mails_to(person.address) > 0)
    wait_until(world.is_whole)
    assert_nothing_is_doubled(world)


def test_a_mail_server_that_hangs_holds_nothing_else_up(world: World, meet: Callable[[], Person]) -> None:
    goes_on = world.sink.hang("EHLO")
    people = [meet() for _ in range(6)]
    for person in people:
        assert person.is_done()
    begun = time.monotonic()
    seen = world.ready().json()
    assert (seen["security worker"], seen["beat"], seen["cache"]) == ("ok", "ok", "ok")
    assert time.monotonic() - begun < 5
    world.sink.says = lambda _command: None
    goes_on.set()
    wait_until(lambda: all(world.mails_to(person.address) for person in people), patience=120)
    assert_nothing_is_doubled(world)


def assert_nothing_is_doubled(world: World) -> None:
    numbers = Counter(email.message_from_bytes(each)["Message-ID"] for each in world.sink.taken)
    assert {number: count for number, count in numbers.items() if count > 1} == {}
