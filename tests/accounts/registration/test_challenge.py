"""The work of a challenged sign-up: for one ticket alone, once, in time, and checked in microseconds."""

import hashlib
import re
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import SpentTicket, User
from accounts.registration import challenges, facts
from accounts.registration.shapes import Form
from ciam_portal.core import clock
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.policy import limits
from ciam_portal.governance.recompute import recompute
from tests import factories
from tests.factories import PASSWORD, Message
from tests.recovery.case.test_siege import stranger

pytestmark = pytest.mark.django_db
Outbox = Callable[[], list[Message]]
BITS = 6


def ticket(email: str = "ada@mailinator.com", bits: int = BITS) -> str:
    """What the page of a challenge carries, with little work to do."""
    return challenges.ticket({"email": email, "password1": PASSWORD, "zone": ""}, Form(12.0), bits, clock.now())


def solved(carried: str, bits: int = BITS) -> str:
    """The work, as a browser does it."""

    def number(part: int) -> int:
        for each in count():
            message = f"{challenges.seed(carried)}:{part}:{each}"
            if int(hashlib.sha256(message.encode()).hexdigest()[:8], 16) >> (32 - bits) == 0:
                return each
        raise AssertionError

    return ",".join(str(number(part)) for part in range(challenges.PARTS))


def go_on(carried: str, work: str, client: Client | None = None) -> Any:
    return (client or Client()).post("/sign-up/", {"ticket": carried, "work": work})


def test_the_work_opens_the_account_and_the_mail_is_the_ordinary_one(client: Client, outbox: Outbox) -> None:
    carried = ticket()
    assert go_on(carried, solved(carried), client)["Location"] == "/sign-up/check-your-mail/"
    assert [mail.kind for mail in outbox()] == ["confirm_your_address"]
    assert User.objects.get(email="ada@mailinator.com").check_password(PASSWORD)
    entry = DecisionEntry.objects.get(action="sign_up")
    assert (entry.answer, entry.findings) == ("allow", [["disposable_domain", 3.0]])
    assert recompute(entry) == ()


def test_a_known_address_is_answered_alike_and_its_ticket_is_spent_too(outbox: Outbox) -> None:
    factories.customer("known@mailinator.com")
    carried = [ticket(f"{name}@mailinator.com") for name in ("known", "fresh")]
    pages = [go_on(each, solved(each)) for each in carried]
    assert [page["Location"] for page in pages] == ["/sign-up/check-your-mail/"] * 2
    assert [mail.kind for mail in outbox()] == ["you_have_an_account", "confirm_your_address"]
    assert SpentTicket.objects.count() == 2


def test_work_counts_once(outbox: Outbox) -> None:
    carried = ticket()
    work = solved(carried)
    assert go_on(carried, work).status_code == 302
    again = go_on(carried, f"0{work}")  # another form, as far as a second press goes
    assert again.status_code in {200, 410}
    third = Client().post("/sign-up/", {"ticket": carried, "work": work, "again": "1"})
    assert third.status_code == 410
    assert "Please sign up again" in third.text
    assert len(outbox()) == 1


def test_work_for_one_ticket_is_none_for_another(outbox: Outbox) -> None:
    mine, theirs = ticket(), ticket("eve@mailinator.com")
    page = go_on(theirs, solved(mine))
    assert "One more step" in page.text
    assert outbox() == []


def test_work_is_over_in_time() -> None:
    carried = ticket()
    work = solved(carried)
    with time_machine.travel(clock.now() + timedelta(minutes=limits.current().sign_up.challenge_minutes), tick=False):
        assert go_on(carried, work).status_code == 410


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _numbers: [],
        lambda numbers: numbers[:-1],
        lambda numbers: [*numbers, "0"],
        lambda numbers: [*numbers[1:], numbers[0]],
        lambda numbers: [numbers[0], *numbers[:-1]],
        lambda numbers: ["x", *numbers[1:]],
        lambda numbers: ["-1", *numbers[1:]],
        lambda numbers: ["\u0661", *numbers[1:]],
        lambda numbers: ["9" * 5000, *numbers[1:]],
        lambda numbers: ["", *numbers[1:]],
    ],
)
def test_what_is_not_the_work_is_none(spoil: Callable[[list[str]], list[str]]) -> None:
    carried = ticket()
    work = solved(carried)
    assert challenges.is_solved(carried, BITS, work)
    assert not challenges.is_solved(carried, BITS, ",".join(spoil(work.split(","))))


def test_it_is_checked_in_microseconds() -> None:
    carried = ticket()
    work = solved(carried)

    def seconds() -> float:
        started = time.perf_counter()
        challenges.is_solved(carried, BITS, work)
        return time.perf_counter() - started

    assert min(seconds() for _ in range(50)) < 0.001


def bits_of(page: Any) -> int:
    found = re.search(r'data-bits="(\d+)"', page.text)
    assert found is not None
    return int(found[1])


def test_more_worry_is_more_work() -> None:
    rules = limits.current().sign_up
    odd = Client(headers={"User-Agent": "x" * 2000}).post("/sign-up/", {"email": "a@gmail.com", "password1": PASSWORD})
    thrown = Client().post("/sign-up/", {"email": "a@mailinator.com", "password1": PASSWORD})
    assert [bits_of(page) for page in (odd, thrown)] == [rules.work_bits + 1, rules.work_bits + 2]


def test_there_is_a_most() -> None:
    rules, found = limits.current().sign_up, [["sign_ups_from_address", 50.0]]
    entry = DecisionEntry(
        at=clock.now(), actor_kind="stranger", channel="web", question="gate.decide", inputs=[], findings=found
    )
    entry.save(force_insert=True)
    assert facts.bits_for(entry.pk) == rules.most_work_bits
    assert facts.bits_for(None) == rules.work_bits


def test_whoever_has_worked_needs_nothing_of_what_a_network_may_ask_for(outbox: Outbox) -> None:
    """What strangers at the same address have used up shuts nobody out."""
    for number in range(limits.current().proof.mails_per_network_address_per_hour):
        stranger("198.51.100.7").post("/forgotten-password/", {"email": f"n{number}@example.com"})
    page = stranger("198.51.100.7").post("/sign-up/", {"email": "ada@example.net", "password1": PASSWORD})
    assert "One more step" in page.text
    carried = ticket("ada@example.net")
    assert go_on(carried, solved(carried), stranger("198.51.100.7")).status_code == 302
    assert outbox()[-1].kind == "confirm_your_address"
