"""A session that goes on from another network or in another browser is noticed at once, and trusted less."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Session, User
from accounts.sessions import policy
from ciam_portal.core import clock
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.policy.assurance import Level
from ciam_portal.core.policy.decision import Risk
from tests.factories import FIREFOX

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
ON_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
NEWER = FIREFOX.replace("145", "146")


def visit(client: Client, agent: str = FIREFOX, address: str = "127.0.0.1", path: str = "/sessions/") -> Any:
    return client.get(path, headers={"User-Agent": agent}, REMOTE_ADDR=address)


def noted(what: str) -> list[bool]:
    return [entry.data["back"] for entry in AuditEntry.objects.filter(name=f"session.changed_{what}").order_by("pk")]


def statements(client: Client, **how: str) -> list[str]:
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert visit(client, **how).status_code == 200
    return [query["sql"] for query in found if query["sql"].startswith(("INSERT", "UPDATE", "SAVEPOINT", "WITH done"))]


@pytest.mark.parametrize(
    ("agent", "now"),
    [(CHROME, "Chrome"), (ON_WINDOWS, "Firefox on Windows"), ("", "Unknown on Unknown"), ("curl/8", "curl on Unknown")],
)
def test_another_browser_or_system_raises_the_risk_at_once(
    sign_in: SignIn, customer: User, agent: str, now: str
) -> None:
    client = sign_in(customer)
    assert client.get("/security/app/add/").status_code == 200
    assert visit(client, agent).status_code == 200
    session = Session.objects.get()
    assert session.risk == Risk.HIGH
    assert session.browser_now == now
    assert noted("browser") == [False]
    for _ in range(3):
        visit(client, agent)
    assert noted("browser") == [False]  # once for each change
    held = visit(client, agent, path="/security/app/add/")
    assert held.status_code == 403
    assert "This has to wait" in held.text
    visit(client)
    assert noted("browser") == [False, True]
    assert visit(client, path="/security/app/add/").status_code == 403  # coming back does not lower it
    assert Session.objects.get().risk == Risk.HIGH


def test_the_session_itself_goes_on(sign_in: SignIn, customer: User) -> None:
    client = sign_in(customer)
    assert visit(client, CHROME, path="/profile/").status_code == 200
    assert Session.objects.get().level == Level.AAL1


def test_a_newer_version_of_the_browser_is_no_change(sign_in: SignIn, customer: User) -> None:
    client = sign_in(customer)
    visit(client, NEWER)
    assert (noted("browser"), Session.objects.get().risk) == ([], Risk.LOW)


def test_another_network_is_noted_and_worries_nobody_by_itself(sign_in: SignIn, customer: User) -> None:
    client = sign_in(customer)
    for address in ("198.51.100.7", "198.51.100.9", "127.0.0.2"):
        visit(client, address=address)
    session = Session.objects.get()
    assert noted("place") == [False, True]  # one network, and back in the first
    assert (session.network_now, session.network, session.risk) == ("127.0.0.0/24", "127.0.0.0/24", Risk.LOW)
    assert "198.51.100" not in str(list(AuditEntry.objects.values_list("data")))


def test_nothing_is_written_while_nothing_changes(sign_in: SignIn, customer: User) -> None:
    client = sign_in(customer)
    assert statements(client) == []
    with time_machine.travel(clock.now() + timedelta(seconds=61), tick=False):
        (touched,) = statements(client)
        assert all(name in touched for name in ("last_used_at", "network_now", "browser_now"))
        assert statements(client) == []
        assert any("INSERT INTO audit_auditentry" in text for text in statements(client, address="198.51.100.7"))
        assert statements(client, address="198.51.100.8") == []


def test_an_absurd_agent_is_cut_and_counts_as_another(sign_in: SignIn, customer: User) -> None:
    client = sign_in(customer)
    for agent in ("x" * 100_000, "Fire\x01fox\x7f\x1b[31m", "\u202e" * 10):
        assert visit(client, agent).status_code == 200
    assert Session.objects.get().risk == Risk.HIGH


AMERICA, AUSTRALIA = "8.8.8.8", "1.0.0.1"


@pytest.mark.parametrize(
    ("addresses", "risk", "told"),
    [
        ((AMERICA, AUSTRALIA), Risk.MODERATE, [False, True]),
        ((AMERICA, AMERICA[:-1] + "9"), Risk.LOW, [False]),
        ((AUSTRALIA, "127.0.0.2"), Risk.LOW, [False, False]),  # from where it began: not known where that is
    ],
)
def test_a_country_that_nobody_reaches_so_soon(
    sign_in: SignIn, customer: User, addresses: tuple[str, ...], risk: Risk, told: list[bool]
) -> None:
    client = sign_in(customer)
    for address in addresses:
        visit(client, address=address)
    assert Session.objects.get().risk == risk
    places = AuditEntry.objects.filter(name="session.changed_place").order_by("pk")
    assert [entry.data["abroad"] for entry in places] == told
    assert ("sooner than anybody travels" in visit(client, address=addresses[-1], path="/activity/").text) == told[-1]


def test_it_is_asked_for_more_and_not_stopped(sign_in: SignIn, customer: User) -> None:
    client = sign_in(customer)
    assert visit(client, address=AMERICA, path="/security/email/").status_code == 200
    asked = visit(client, address=AUSTRALIA, path="/security/email/")
    assert (asked.status_code, asked["Location"][:7]) == (302, "/prove/")


@pytest.mark.parametrize(
    ("browser", "abroad", "risk"),
    [
        (False, None, None),
        (False, 0.0, Risk.MODERATE),
        (False, 4 * 3600 - 1.0, Risk.MODERATE),
        (False, 4 * 3600.0, None),
        (True, None, Risk.HIGH),
        (True, 0.0, Risk.HIGH),
    ],
)
def test_risk_of_a_move(browser: bool, abroad: float | None, risk: Risk | None) -> None:
    assert policy.risk_of_move(browser=browser, abroad=abroad) == risk
