"""Signing up: strangers and customers see the same thing; nothing works before the address is proven."""

import re
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.customer import addresses
from accounts.models import Device, Proof, Session, User
from ciam_portal.core import clock
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Level
from ciam_portal.core.policy.decision import Risk
from tests import mailed
from tests.factories import PASSWORD, Message, at_home, customer, decisions

pytestmark = pytest.mark.django_db

Outbox = Callable[[], list[Message]]


def sign_up(client: Client, email: str, password: str = PASSWORD) -> Any:
    return client.post("/sign-up/", {"email": email, "password1": password}, follow=True)


def confirm(client: Client, link: str) -> Any:
    path = "/" + link.split("/", 3)[3]
    page = client.get(path, follow=True)
    return page if page.status_code != 200 else client.post(mailed.page(client, "/confirm-email/"))


def sign_in(client: Client, email: str, password: str = PASSWORD) -> Any:
    return client.post("/sign-in/", {"login": email, "password": password})


def test_an_account_works_once_its_address_is_proven(client: Client, outbox: Outbox) -> None:
    assert "Check your mail" in sign_up(client, "New@Example.com").text
    assert sign_in(client, "new@example.com")["Location"] == "/sign-up/check-your-mail/"
    assert client.get("/profile/").status_code == 302
    assert confirm(client, outbox()[-1].words["link"])["Location"] == "/"
    client.post("/sign-out/")
    assert sign_in(client, "new@example.com").status_code == 302
    assert client.get("/profile/").status_code == 200


@pytest.mark.control("GDPR 13")
def test_what_is_stored_why_and_how_long_is_said_before_the_button(client: Client) -> None:
    page = client.get("/sign-up/").text
    assert 'href="/privacy/"' in page[: page.index("Create account</button>")]
    more = client.get("/privacy/")
    assert f"within {limits.current().risk.history_days} days" in more.text


@pytest.mark.control("v5.0.0-6.3.8", "63A 3.2.1(5)")
def test_a_known_address_gets_the_same_answer_and_its_owner_a_mail(outbox: Outbox) -> None:
    customer("known@example.com")
    answers = []
    for email in ("known@example.com", "fresh@example.com"):
        browser = Client()
        page = sign_up(browser, email)
        body = re.sub(r"[A-Z2-9]{4}-[A-Z2-9]{4}|value=\"[^\"]{64}\"", "", page.text)
        answers.append((page.status_code, page.redirect_chain, body, sorted(browser.cookies)))
    assert answers[0] == answers[1]
    assert [(mail.kind, mail.to) for mail in outbox()] == [
        ("you_have_an_account", "known@example.com"),
        ("confirm_your_address", "fresh@example.com"),
    ]


@pytest.mark.control("v5.0.0-6.3.8")
@pytest.mark.usefixtures("unhurried")
def test_both_answers_take_about_the_same_time() -> None:
    customer("known@example.com")

    def seconds(email: str) -> float:
        started = time.perf_counter()
        sign_up(Client(), email)
        return time.perf_counter() - started

    sign_up(Client(), "warm@example.com")
    known = statistics.median(seconds("known@example.com") for _ in range(5))
    fresh = statistics.median(seconds(f"fresh{n}@example.com") for n in range(5))
    assert max(known, fresh) / min(known, fresh) < 2.5


def sign_up_in(client: Client, password: str = PASSWORD) -> None:
    client.post("/sign-up/", {"email": "new@example.com", "password1": password})


def test_in_the_browser_that_signed_up_nothing_is_typed_twice(client: Client, outbox: Outbox) -> None:
    sign_up_in(client)
    assert confirm(client, outbox()[-1].words["link"])["Location"] == "/"
    customer = User.objects.get(email="new@example.com")
    page = client.get("/")
    assert "your account is ready" in page.text
    session = Session.objects.get(customer=customer)
    assert (session.methods, session.level, session.risk) == (["password"], Level.AAL1, Risk.LOW)
    assert [row.action for row in decisions(customer)][-1] == "sign_in"  # the gate was asked as ever
    device = Device.objects.get(customer=customer)  # one browser, known from the start
    assert device.known_at <= clock.now()
    assert client.get("/security/passkeys/add/").status_code == 200


def test_only_the_browser_in_which_that_password_was_typed_goes_on(client: Client, outbox: Outbox) -> None:
    mine, theirs = Client(), Client()
    sign_up_in(mine)
    link = outbox()[-1].words["link"]
    sign_up_in(theirs, "another one that nobody guesses")
    assert "Please sign in" in confirm(client, link).text  # on the phone
    for browser in (mine, theirs, client):
        assert browser.get("/profile/").status_code == 302
    assert not Session.objects.exists()


def test_a_link_of_somebody_elses_sign_up_signs_nobody_in(client: Client, outbox: Outbox) -> None:
    sign_up_in(client)
    sign_up_in(Client(), "another one that nobody guesses")
    assert "Please sign in" in confirm(client, outbox()[-1].words["link"]).text
    assert not Session.objects.exists()


def test_whoever_confirms_late_signs_in(client: Client, outbox: Outbox) -> None:
    sign_up_in(client)
    late = clock.now() + timedelta(minutes=limits.current().sign_in.pending_minutes, seconds=1)
    with time_machine.travel(late, tick=False):
        assert "Please sign in" in confirm(client, outbox()[-1].words["link"]).text
    assert not Session.objects.exists()


def test_after_signing_in_with_an_address_that_was_not_proven_it_goes_on_too(client: Client, outbox: Outbox) -> None:
    sign_up_in(Client())
    assert "check-your-mail" in client.post("/sign-in/", {"login": "new@example.com", "password": PASSWORD})["Location"]
    assert confirm(client, outbox()[-1].words["link"])["Location"] == "/"
    assert Session.objects.get().methods == ["password"]


def test_each_sign_up_has_a_link_of_its_own_and_the_one_that_is_used_decides(client: Client, outbox: Outbox) -> None:
    """A stranger's sign-ups, before and after, void nothing of the owner's; theirs are once the owner's is used."""
    sign_up(Client(), "victim@example.com", "a password of the thief")
    sign_up(client, "victim@example.com", PASSWORD)
    sign_up(Client(), "victim@example.com", "another one of the thief")
    first, mine, last = (mail.words["link"] for mail in outbox())
    assert confirm(Client(), mine).status_code == 200
    assert confirm(Client(), first).status_code == confirm(Client(), last).status_code == 410
    assert not Proof.objects.exclude(password="").exists()
    assert not Proof.objects.filter(used_at=None).exists()
    assert sign_in(Client(), "victim@example.com", "another one of the thief").status_code == 200
    assert sign_in(Client(), "victim@example.com", "a password of the thief").status_code == 200
    assert sign_in(client, "victim@example.com", PASSWORD).status_code == 302


@pytest.mark.control("v5.0.0-6.4.1")
def test_a_confirmation_link_is_single_use_and_expires(client: Client, outbox: Outbox) -> None:
    sign_up(client, "one@example.com")
    link = outbox()[-1].words["link"]
    with time_machine.travel(clock.now() + timedelta(hours=limits.current().proof.link_hours)):
        assert confirm(Client(), link).status_code == 410
    assert confirm(Client(), link).status_code == 200
    assert confirm(Client(), link).status_code == 410


def test_opening_the_link_changes_nothing(client: Client, outbox: Outbox) -> None:
    sign_up(client, "scanned@example.com")
    link = outbox()[-1].words["link"]
    scanner = Client()
    page = scanner.get("/" + link.split("/", 3)[3], follow=True)
    assert page.status_code == 200
    assert link.rsplit("/", 2)[1] not in page.request["PATH_INFO"]
    assert not addresses.is_proven(User.objects.get(email="scanned@example.com"))


def test_only_a_digest_of_the_link_is_kept(client: Client, outbox: Outbox) -> None:
    sign_up(client, "digest@example.com")
    secret = outbox()[-1].words["link"].rstrip("/").rsplit("/", 1)[1]
    assert secret not in str(list(Proof.objects.values_list()))
    assert not AuditEntry.objects.filter(data__icontains=secret).exists()


def test_without_a_mail_a_sign_up_changes_nothing_and_says_when(outbox: Outbox) -> None:
    """Known or not, it is the same; and the links that went out before go on working."""
    customer("known@example.com")
    most = limits.current().proof.mails_per_address_per_hour
    for email in ("flood@example.com", "known@example.com"):
        assert {sign_up(Client(), email).status_code for _ in range(most)} == {200}
        before = User.objects.get(email=email).password
        page = sign_up(Client(), email, "yet another passphrase")
        assert page.status_code == 429
        assert 3500 < int(page["Retry-After"]) <= 3600
        assert User.objects.get(email=email).password == before
        assert len([mail for mail in outbox() if mail.to == email]) == most
    link = next(mail.words["link"] for mail in outbox() if mail.to == "flood@example.com")
    assert confirm(Client(), link).status_code == 200


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"email": "x" * 10_000 + "@example.com", "password1": PASSWORD},
        {"email": "not an address", "password1": PASSWORD},
        {"email": "a@example.com", "password1": "short"},
        {"email": "a@example.com", "password1": "y" * 100_000},
        {"email": ["a@example.com", "b@example.com"], "password1": ""},
        {"email": "a@example.com", "password1": PASSWORD[:14]},
    ],
)
def test_bad_forms_come_back_with_words(client: Client, form: dict[str, Any]) -> None:
    page = client.post("/sign-up/", form)
    assert page.status_code == 200
    assert "Error:" in page.text
    assert not User.objects.exists()


def test_a_nul_byte_is_refused_at_the_door(client: Client) -> None:
    assert client.post("/sign-up/", {"email": "a\x00@example.com", "password1": PASSWORD}).status_code == 400
    assert client.get("/sign-up/?next=%00").status_code == 400
    assert client.get("/sign-up/?next=%ff").status_code == 400
    assert client.get("/sign-up/?next=" + "a" * 9000).status_code == 400


def test_next_never_leads_elsewhere(client: Client) -> None:
    who = customer()
    at_home(client, who)
    form = {"login": who.email, "password": PASSWORD, "next": "https://evil.example/"}
    assert client.post("/sign-in/", form)["Location"] == "/"
