"""Many customers behind a proxy, whatever it writes of their addresses: nobody is kept out for what others do."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client

from ciam_portal.core.policy import limits
from tests import factories
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db
OWN = [  # each customer has an address of their own, in the notation of this proxy
    "203.0.113.{}:41000",
    "[2001:db8:0:{}::7]:41000",
    '"203.0.113.{}"',
]
UNKNOWN = [None, "unknown", "_hidden, ,"]
DOORS: list[tuple[str, dict[str, str]]] = [
    ("/sign-in/", {"login": "c{}@example.com", "password": "a wrong guess entirely"}),
    ("/sign-in/passkey/begin/", {}),
    ("/forgotten-password/", {"email": "c{}@example.com"}),
    ("/recover/", {"email": "c{}@example.com"}),
    ("/sign-up/", {"email": "c{}@example.com", "password1": PASSWORD}),
]


CROWD = 7  # customers: more than any limit for one address lets in


@pytest.fixture(autouse=True)
def small_limits(settings: Any) -> None:
    """Five of everything for one address."""
    settings.TRUSTED_PROXY_COUNT = 1
    rules = limits.current()
    limits.install(
        replace(
            rules,
            sign_in=replace(rules.sign_in, attempts_per_address_per_minute=5),
            sign_up=replace(rules.sign_up, per_address_per_hour=5),
            proof=replace(rules.proof, mails_per_network_address_per_hour=5),
        )
    )


def ask(path: str, fields: dict[str, str], number: int, forwarded: str | None) -> int:
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded.format(number)}
    fields = {name: value.format(number) for name, value in fields.items()}
    return Client(headers=headers).post(path, fields).status_code


@pytest.mark.parametrize(("path", "fields"), DOORS, ids=[path for path, _ in DOORS])
@pytest.mark.parametrize("forwarded", [*OWN, *UNKNOWN])
def test_every_customer_passes(path: str, fields: dict[str, str], forwarded: str | None) -> None:
    answers = {ask(path, fields, number, forwarded) for number in range(1, CROWD + 1)}
    assert answers <= {HTTPStatus.OK, HTTPStatus.FOUND}


@pytest.mark.parametrize(("path", "fields"), DOORS, ids=[path for path, _ in DOORS])
@pytest.mark.parametrize(
    "forwarded", ["203.0.113.7:{}", "[2001:db8::{}]:9", "::ffff:203.0.113.7", "2002:cb00:7107:{}::1"]
)
def test_one_source_is_one_source_in_every_notation(path: str, fields: dict[str, str], forwarded: str) -> None:
    answers = [ask(path, fields, number, forwarded) for number in range(1, CROWD + 1)]
    challenged = path == "/sign-up/"  # one more step, where others are sent away
    assert answers[0] in {HTTPStatus.FOUND, HTTPStatus.OK}
    assert answers[-1] == (HTTPStatus.OK if challenged else HTTPStatus.TOO_MANY_REQUESTS)
    assert not challenged or HTTPStatus.FOUND in answers[:5]


def test_of_unknown_place_an_account_still_pauses() -> None:
    customer = factories.customer("c0@example.com")
    answers = [
        ask("/sign-in/", {"login": customer.email, "password": "x"}, 0, None)
        for _ in range(limits.current().sign_in.failures + 1)
    ]
    assert answers[-1] == HTTPStatus.TOO_MANY_REQUESTS
