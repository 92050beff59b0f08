"""What every test may ask for."""

import gc
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck
from hypothesis import settings as examples

from accounts.baseline import history
from accounts.models import User
from accounts.passwords.hashers import Argon2id
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.oauth import keys
from consent.ledger import counter
from consent.models import Use
from consent.purposes import facts as purposes
from tests import factories
from tests.stack import seed
from tests.stack.state import new_signing_key

# A machine with other work is slow, and no law is about time.
examples.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
examples.load_profile("patient")

_NEVER_EMPTIED = "SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgtype & 32 <> 0 AND NOT tgisinternal"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


gc.disable()  # while tests are collected: of what is made then, all stays


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: the garbage collector need not walk it again and again."""
    gc.enable()
    gc.collect()
    gc.freeze()


def _hurry(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Argon2id, "memory_cost", 8)
    patch.setattr(Argon2id, "time_cost", 1)
    patch.setattr(settings, "EVEN_SECONDS", 0.0)
    patch.setattr(counter, "count", Use.objects.note)  # not in a later test's time
    patch.setattr(purposes, "LATE", timedelta(hours=1))  # tests count statements, however slowly they come
    patch.setattr(settings, "WHITENOISE_AUTOREFRESH", True, raising=False)  # no walk of all files for each client


@pytest.fixture(scope="session", autouse=True)
def _hurried() -> Iterator[pytest.MonkeyPatch]:
    """What takes its time on purpose does not: passwords' hashes, even answers."""
    with pytest.MonkeyPatch.context() as patch:
        _hurry(patch)
        yield patch


@pytest.fixture
def unhurried(_hurried: pytest.MonkeyPatch) -> Iterator[None]:
    """For the tests of that time: as in production."""
    _hurried.undo()
    yield
    _hurry(_hurried)


@pytest.fixture(scope="session", autouse=True)
def _given_signing_key(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """ES256 is signed with a key of the environment's, which is read without a statement: tests count statements."""
    with pytest.MonkeyPatch.context() as patch:
        pem = new_signing_key(tmp_path_factory.mktemp("keys") / "oidc-1.pem").read_bytes()
        patch.setattr(settings, "OIDC_SIGNING_KEYS", [pem])
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Each process copies the database in which every migration has run."""
    if seed.SEED in os.environ:
        connection.settings_dict["TEST"]["TEMPLATE"] = seed.seed()


@pytest.fixture
def noon() -> datetime:
    """A fixed instant."""
    return NOON


@pytest.fixture(autouse=True)
def _fresh_counters() -> None:
    """Rate limits and lanes start at zero in every test, and nothing is remembered of the one before."""
    cache.clear()
    history.SUMS.clear()
    keys.forget()
    purposes.forget()


@pytest.fixture(autouse=True)
def _file_decides() -> None:
    """The policy file decides in every test, as in a fresh installation; tests of governance name their own."""
    limits.install(settings.LIMITS)


@pytest.fixture
def customer(db: None) -> User:
    """A customer with a proven address and a password."""
    return factories.customer()


@pytest.fixture
def by(customer: User) -> Actor:
    """That customer, acting in a browser."""
    return Actor(ActorKind.CUSTOMER, customer.pk, Channel.WEB)


@pytest.fixture
def sign_in(client: Client) -> Callable[..., Client]:
    """Sign a customer in on a Django client as the real pipeline does, without its pages."""

    def enter(customer: User, *methods: Method, on: Client | None = None) -> Client:
        browser = on or client
        factories.signed_in(browser, customer, methods or (Method.PASSWORD,), clock.now())
        return browser

    return enter


@pytest.fixture(scope="module")
def unlocked_audit(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """For modules whose tests commit: lets the test database be emptied after each, which the audit's trigger refuses.

    Module scope, so that it is set before and taken back after the emptying.
    """

    def triggers(verb: str) -> None:
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(_NEVER_EMPTIED)
            for table, trigger in cursor.fetchall():
                cursor.execute(f"ALTER TABLE {table} {verb} TRIGGER {trigger}")

    triggers("DISABLE")
    yield
    triggers("ENABLE")


@pytest.fixture
def outbox(db: None) -> Callable[[], list[Any]]:
    """The messages waiting to be sent, opened: kind, recipient, words."""
    return factories.outbox
