"""What goes out is counted: strangers cause three messages a day, texts cost no more than said, whatever is lost."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from redis.exceptions import ConnectionError as RedisAway

from accounts.account import notices
from accounts.budgets import counter, facts, mails, outbound, policy
from accounts.budgets.mails import MailFor
from accounts.budgets.policy import Message, Over
from accounts.lock.flows.everywhere import announce
from accounts.models import Alert, Outgoing, User
from accounts.watch import tasks as watch
from ciam_portal.core import clock, phones
from ciam_portal.core.crypto import codes
from ciam_portal.core.errors import TooMany
from ciam_portal.core.outbox import channels, tasks
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.outbox.notice import Asked, Medium
from ciam_portal.core.policy import limits
from ciam_portal.core.roles import Role
from tests import factories
from tests.accounts.staff.people import Member

pytestmark = pytest.mark.django_db
RULES = limits.load()
STRANGER = Asked(MailFor.SIGN_UP, "somewhere", stranger=True)
RESET = Asked(MailFor.RESET, "elsewhere", stranger=True)
CODE = Asked(MailFor.NEW_ADDRESS, "somebody", stranger=False)
MAIL, TEXT = Medium.MAIL, Medium.SMS


def spend(asked: Asked | None, to: str = "victim@example.com", medium: Medium = MAIL) -> str:
    return outbound.spend(codes.new_id(), medium, to, asked, clock.now())


def deliver_all() -> list[str]:
    """Send what waits; the kinds that went."""
    waiting = Notice.objects.filter(state=Notice.State.WAITING).order_by("created_at", "pk")
    for key in list(waiting.values_list("pk", flat=True)):
        tasks.deliver(notice=str(key))
    return list(
        Notice.objects.filter(state=Notice.State.SENT).order_by("created_at", "pk").values_list("kind", flat=True)
    )


@pytest.fixture(autouse=True)
def _carriers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "send", lambda _notice: None)


# Which limits there are

MAILS = [
    (Message(is_text=False, purpose=MailFor.RESET, stranger=False), []),
    (Message(is_text=False, purpose="", stranger=False), []),
    (Message(is_text=False, purpose=MailFor.READ_BACK, stranger=False), [Over.DESK]),
    (Message(is_text=False, purpose=MailFor.RESET, stranger=True), [Over.SOURCE, Over.STRANGERS]),
    (Message(is_text=False, purpose=MailFor.RECOVER, stranger=True), [Over.SOURCE, Over.BESIDE_RESETS, Over.STRANGERS]),
    (
        Message(is_text=False, purpose=MailFor.SIGN_UP, stranger=True),
        [Over.SOURCE, Over.DOMAIN, Over.BESIDE_RESETS, Over.STRANGERS],
    ),
    (Message(is_text=True, purpose="", stranger=False, cents=5), [Over.NUMBER, Over.MONEY]),
    (Message(is_text=True, purpose="", stranger=False), [Over.COUNTRY, Over.NUMBER, Over.MONEY]),
    (
        Message(is_text=True, purpose=MailFor.STEP_UP, stranger=False, cents=5),
        [Over.SOURCE, Over.RANGE, Over.NUMBER, Over.TOTAL, Over.MONEY],
    ),
    (
        Message(is_text=True, purpose=MailFor.RECOVER, stranger=True, cents=5),
        [Over.SOURCE, Over.RANGE, Over.NUMBER, Over.BESIDE_RESETS, Over.STRANGERS, Over.TOTAL, Over.MONEY],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("message", "asked"), MAILS)
def test_which_limits_are_asked(message: Message, asked: list[Over]) -> None:
    assert [each.over for each in policy.limits_for(message, limits=RULES)] == asked


def test_a_domain_that_everybody_uses_takes_more() -> None:
    one = Message(is_text=False, purpose=MailFor.SIGN_UP, stranger=True)
    found = [next(each.most for each in policy.limits_for(message, limits=RULES) if each.over is Over.DOMAIN)
             for message in (one, replace(one, shared_domain=True))]  # fmt: skip
    assert found == [200, 5000]


def test_the_purposes_it_knows_are_those_there_are() -> None:
    assert {policy.RESET, policy._DESK, *policy._TO_NOBODYS} <= {each.value for each in MailFor}


@pytest.mark.parametrize(("country", "cents"), [("NO", 5), ("DE", 10), ("RU", None), ("001", None), ("", None)])
def test_what_a_country_costs(country: str, cents: int | None) -> None:
    assert policy.cents(country, limits=RULES) == cents


# Strangers


@pytest.mark.control("v5.0.0-2.4.1")
def test_two_of_any_kind_then_a_reset_then_nothing_all_day() -> None:
    assert [spend(STRANGER) for _ in range(3)] == ["", "", "beside_resets"]
    assert [spend(RESET) for _ in range(2)] == ["", "strangers"]
    with time_machine.travel(clock.now() + timedelta(days=1, seconds=-30)):
        assert spend(RESET) == "strangers"
    cache.clear()  # whose clock is not this process's
    with time_machine.travel(clock.now() + timedelta(days=1, seconds=30)):
        assert spend(STRANGER) == ""


def test_three_resets_are_three_messages() -> None:
    assert [spend(RESET) for _ in range(4)] == ["", "", "", "strangers"]
    assert spend(STRANGER) == "strangers"


def test_an_address_is_one_mailbox_however_it_is_spelled() -> None:
    spellings = ("jo.doe@gmail.com", "jodoe+a@gmail.com", "j.o.d.o.e@googlemail.com")
    assert [spend(STRANGER, to) for to in spellings] == ["", "", "beside_resets"]


def test_others_have_their_own() -> None:
    assert [spend(STRANGER, f"somebody{n}@example.com") for n in range(5)] == [""] * 5


@pytest.mark.parametrize("lost", ["cache", "rows"])
def test_whichever_of_the_two_is_lost_nothing_more_goes(lost: str) -> None:
    for _ in range(3):
        spend(RESET)
    if lost == "cache":
        cache.clear()
    else:
        Outgoing.objects.all().delete()
    assert spend(RESET) == "strangers"


def test_a_small_domain_is_spared(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow(monkeypatch, mails_per_domain_per_hour=5)
    assert [spend(STRANGER, f"{n}@small.example") for n in range(6)] == [""] * 5 + ["domain"]
    cache.clear()
    assert spend(STRANGER, "7@small.example") == "domain"
    assert spend(RESET, "7@small.example") == ""
    assert spend(STRANGER, "7@other.example") == ""


def narrow(monkeypatch: pytest.MonkeyPatch, **numbers: Any) -> None:
    found = replace(RULES, outbound=replace(RULES.outbound, **numbers))
    monkeypatch.setattr(limits, "current", lambda: found)


def knock(email: str) -> list[int]:
    """Every door that a stranger has, from a network of its own each time."""
    doors = {
        "/forgotten-password/": {},
        "/sign-up/": {"password1": "a passphrase nobody has"},
        "/recover/": {},
        "/sign-in/": {"login": email, "password": "a wrong guess entirely"},
    }
    return [Client().post(door, {"email": email} | more).status_code for door, more in doors.items()]


@pytest.mark.control("v5.0.0-2.4.1", "v5.0.0-6.3.1")
def test_all_doors_together_make_three_messages(customer: User) -> None:
    first = [knock(customer.email) for _ in range(4)]
    cache.clear()
    again = [knock(customer.email) for _ in range(4)]
    assert len(deliver_all()) == RULES.outbound.stranger_messages_per_day
    assert "reset_your_password" in deliver_all()
    assert again == first  # whatever became of the messages


def test_the_owners_own_browser_is_heard(customer: User, sign_in: Callable[..., Client]) -> None:
    home = sign_in(customer, on=Client())
    for _ in range(4):
        knock(customer.email)
    before = deliver_all()
    home.post("/sign-out/")
    home.post("/forgotten-password/", {"email": customer.email})
    assert deliver_all() == [*before, "reset_your_password"]


def test_news_of_a_real_change_goes_on(customer: User) -> None:
    for _ in range(4):
        knock(customer.email)
    before = deliver_all()
    announce(customer, notices.PasswordChanged(), at=clock.now())
    assert deliver_all() == [*before, "password_changed"]


def test_what_is_stopped_says_why_and_forgets_to_whom(customer: User) -> None:
    for _ in range(4):
        Client().post("/forgotten-password/", {"email": customer.email})
    deliver_all()
    stopped = Notice.objects.get(state=Notice.State.REFUSED)
    assert (stopped.trouble, stopped.sealed) == ("budget strangers", "")


def test_a_message_counts_once_however_often_it_is_tried(customer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_notice: Notice) -> None:
        raise channels.Unreachable

    monkeypatch.setattr(channels, "send", away)
    Client().post("/forgotten-password/", {"email": customer.email})
    for _ in range(2):
        deliver_all()
        Notice.objects.update(due_at=clock.now())
    assert Outgoing.objects.count() == 1


@pytest.mark.control("v5.0.0-16.5.2")
def test_without_the_cache_it_waits_and_then_goes(customer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    Client().post("/forgotten-password/", {"email": customer.email})

    def away(*_args: object) -> int:
        raise RedisAway

    with monkeypatch.context() as patch:
        patch.setattr(counter.shared, "count", away)
        assert deliver_all() == []
    Notice.objects.update(due_at=clock.now())
    assert deliver_all() == ["reset_your_password"]
    assert Outgoing.objects.count() == 1


# Invitations


@pytest.mark.parametrize(("age", "goes"), [(timedelta(days=7, seconds=-1), False), (timedelta(days=7), True)])
def test_a_young_account_is_a_stranger_to_whom_it_invites(customer: User, age: timedelta, *, goes: bool) -> None:
    at = clock.now()
    with time_machine.travel(at, tick=False):
        User.objects.filter(pk=customer.pk).update(created_at=clock.now() - age)
        customer.refresh_from_db()
        for _ in range(2):
            spend(STRANGER, "friend@example.com")
        if goes:
            assert not mails.take_new_address(customer, "friend@example.com").stranger
        else:
            with pytest.raises(TooMany) as refused:
                mails.take_new_address(customer, "friend@example.com")
            assert 86_000 < refused.value.retry_after <= 86_400


# Texts


@pytest.mark.control("v5.0.0-2.4.1")
def test_thirty_numbers_of_one_range_from_thirty_places_stop_at_the_eleventh() -> None:
    found = [spend(replace(CODE, source=f"place {n}"), f"+479999{n:04}", TEXT) for n in range(30)]
    assert found == [""] * 10 + ["range"] * 20
    assert facts.spent(clock.now()) == facts.Spent(texts=10, cents=50, notice_cents=0)


def test_one_source_and_one_number_have_limits_of_their_own() -> None:
    mine = [spend(CODE, f"+4799{n:02}0000", TEXT) for n in range(12)]
    assert mine == [""] * 10 + ["source"] * 2
    one = [spend(replace(CODE, source=str(n)), "+4798000000", TEXT) for n in range(8)]
    assert one == [""] * 6 + ["number"] * 2


def test_no_text_goes_to_a_country_that_is_not_named() -> None:
    assert spend(CODE, "+79161234567", TEXT) == "country"
    assert spend(None, "+79161234567", TEXT) == "country"


@pytest.mark.parametrize("lost", [False, True])
def test_the_money_of_a_day_stops_codes_not_news_and_raises_one_alert(
    monkeypatch: pytest.MonkeyPatch, *, lost: bool
) -> None:
    narrow(monkeypatch, text_cents_per_day=12)
    numbers = [f"+479{n}000000" for n in range(4)]
    found = []
    for number in numbers:
        found.append(spend(replace(CODE, source=number), number, TEXT))
        if lost:
            cache.clear()
    assert found == ["", "", "money", "money"]
    assert spend(None, numbers[3], TEXT) == ""
    watch.watch_outbox()
    watch.watch_outbox()
    alert = Alert.objects.get(kind="outbound.money")
    assert alert.numbers == {"stopped": 2, "cents": 10, "most_cents": 12, "texts": 2}


def test_so_many_texts_in_a_day_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow(monkeypatch, texts_per_day=2)
    numbers = [f"+479{n}000000" for n in range(3)]
    assert [spend(replace(CODE, source=number), number, TEXT) for number in numbers] == ["", "", "total"]


def test_strangers_cause_no_more_texts_than_mails() -> None:
    asked = Asked(MailFor.RECOVER, "somewhere", stranger=True)
    assert [spend(asked, "+4799999999", TEXT) for _ in range(3)] == ["", "", "beside_resets"]


@pytest.mark.parametrize(
    ("number", "country"), [("+4799999999", "NO"), ("+18765551234", "JM"), ("+870773111632", "001")]
)
def test_of_countries_that_share_a_code_the_number_says_which(number: str, country: str) -> None:
    assert phones.country(number) == country


# What staff read


def test_staff_read_what_was_spent_and_stopped_never_to_whom() -> None:
    for _ in range(4):
        spend(RESET)
    spend(CODE, "+4799999999", TEXT)
    page = Member(Role.AUDITOR).client.get("/staff/accounts/outgoing/", {"over": "strangers"})
    assert "1 of at most 5000 codes went to phones, for 5 of at most 20000 cents" in page.text
    assert "Too many to one person, asked for by strangers" in page.text
    tables = page.text.split("explained__scroll")[1:]
    assert [table.count("<tr") for table in tables] == [1 + 3, 1 + 1]  # the day's kinds, and the one row asked for
    row = Outgoing.objects.first()
    assert row is not None
    assert row.recipient not in page.text
    assert Member(Role.AGENT).client.get("/staff/accounts/outgoing/").status_code == 403
    assert str(factories.customer().pk) not in page.text
