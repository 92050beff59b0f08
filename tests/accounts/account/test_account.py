"""Profile, email address, password: what changes, who is told, what ends."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client, RequestFactory
from django.utils import translation

from accounts.customer import addresses
from accounts.models import Session, User
from ciam_portal import middleware
from ciam_portal.core import clock, words
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.policy import limits
from consent.use import fields
from consent.use.shapes import Released
from tests import mailed
from tests.factories import FIREFOX, PASSWORD, Message
from tests.factories import customer as new_customer

pytestmark = pytest.mark.django_db

NEW = "seven lamps of quiet harbour"
SignIn = Callable[..., Client]
Outbox = Callable[[], list[Message]]


def open_link(client: Client, link: str) -> Any:
    return client.get("/" + link.split("/", 3)[3], follow=True)


def test_a_profile_is_saved_and_only_the_names_of_fields_are_recorded(sign_in: SignIn, customer: User) -> None:
    form = {"name": "Ada Lovelace", "phone": "+47 22 85 50 50", "locale": "en", "timezone": "Europe/Oslo"}
    assert sign_in(customer).post("/profile/", form).status_code == 302
    customer.refresh_from_db()
    assert (customer.name, customer.phone, customer.timezone) == ("Ada Lovelace", "+4722855050", "Europe/Oslo")
    entry = AuditEntry.objects.get(name="account.profile_changed")
    assert entry.data == {"fields": ["name", "phone", "timezone"]}


@pytest.mark.parametrize(
    "bad",
    [
        {"phone": "12345"},
        {"phone": "+99999999999999"},
        {"name": "x" * 121},
        {"name": "bell\a"},
        {"locale": "xx"},
        {"timezone": "Mars/Olympus"},
    ],
)
def test_a_bad_profile_comes_back_with_words(sign_in: SignIn, customer: User, bad: dict[str, str]) -> None:
    form = {"name": "Ada", "phone": "", "locale": "en", "timezone": "UTC"} | bad
    page = sign_in(customer).post("/profile/", form)
    assert page.status_code == 200
    assert "Error:" in page.text


def test_the_owner_reads_when_and_where_from_in_their_own_time_and_nobody_else_does(
    sign_in: SignIn, customer: User, outbox: Outbox
) -> None:
    User.objects.update(timezone="Europe/Oslo")
    form, seen = {"email": "new@example.com"}, {"user-agent": FIREFOX}
    assert sign_in(customer).post("/security/email/", form, headers=seen).status_code == 200
    said = {mail.kind: mail.words for mail in outbox()}
    assert said["email_change_started"]["where"] == "Firefox on Linux, network 127.0.0.0/24"
    assert said["email_change_started"]["when"].endswith("(Europe/Oslo)")
    assert not {"when", "where"} & said["confirm_your_new_address"].keys()  # it may be anybody's mailbox


def test_all_pages_are_in_the_time_zone_that_somebody_chose_or_their_browser_has(
    sign_in: SignIn, customer: User
) -> None:
    client, at = sign_in(customer), datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    for seen, chosen, said in (("", "", "22:30"), ("Asia/Tokyo", "", "07:30"), ("Asia/Tokyo", "Europe/Oslo", "00:30")):
        User.objects.update(zone_seen=seen, timezone=chosen)
        Session.objects.update(started_at=at)
        assert said in client.get("/sessions/").text
        customer.refresh_from_db()
        assert ("zoneinfo" in fields.of(customer, Released(frozenset({"preference"})), ["profile"])) is bool(chosen)


def test_places_are_said_by_their_names_and_any_time_zone_is_taken(sign_in: SignIn, customer: User) -> None:
    User.objects.update(zone_seen="Asia/Kathmandu")
    client, form = sign_in(User.objects.get()), {"name": "", "phone": "", "locale": "en"}
    page = client.get("/profile/").text
    assert '<option value="Europe/Oslo">Oslo, Norway</option>' in page
    assert "Not chosen (Kathmandu, Nepal)" in page
    assert page.count("<option") < 90
    for name in ("Europe/Tirane", "", "UTC"):
        assert client.post("/profile/", form | {"timezone": name}).status_code == 302
        assert User.objects.get().timezone == name


@pytest.mark.parametrize(("said", "kept"), [("Asia/Tokyo", "Asia/Tokyo"), ("Mars/Olympus", ""), ("", "")])
def test_the_browsers_time_zone_is_remembered_at_the_sign_up(said: str, kept: str) -> None:
    form = {"email": "grace@example.com", "password1": "a quiet harbour at night", "zone": said}
    assert Client().post("/sign-up/", form).status_code == 302
    user = User.objects.get(email="grace@example.com")
    assert (user.zone_seen, user.timezone) == (kept, "")


@pytest.mark.parametrize("path", ["/staff/x/", "/oauth/token/", "/api/decisions"])
def test_what_staff_and_partners_use_is_told_to_nobody(path: str) -> None:
    assert not middleware.visitor(RequestFactory().get(path))


def test_a_place_is_said_by_its_name() -> None:
    assert str(words.place("192.0.2.0/24", "NO")) == "Norway, network 192.0.2.0/24"
    with translation.override("de"):
        assert str(words.place("192.0.2.0/24", "NO")).startswith("Norwegen")
    assert str(words.place("192.0.2.0/24", "")) == "network 192.0.2.0/24"


@pytest.mark.control("v5.0.0-6.3.7", "v5.0.0-7.5.1")
def test_a_new_address_is_proven_before_it_counts_and_the_old_one_is_told(
    sign_in: SignIn, customer: User, outbox: Outbox
) -> None:
    client, old = sign_in(customer), customer.email
    assert "Check your mail" in client.post("/security/email/", {"email": "new@example.com"}).text
    asked, link = outbox()
    assert (asked.kind, asked.to, link.to) == ("email_change_started", old, "new@example.com")
    customer.refresh_from_db()
    assert customer.email == old
    assert open_link(client, link.words["link"]).status_code == 200
    assert client.post(mailed.page(client, "/security/email/confirm/")).status_code == 302
    customer.refresh_from_db()
    assert customer.email == "new@example.com"
    assert addresses.proven(customer) == ["new@example.com"]
    assert {mail.to for mail in outbox() if mail.kind == "email_changed"} == {old, "new@example.com"}


def test_the_link_to_a_new_address_works_only_for_its_owner(sign_in: SignIn, customer: User, outbox: Outbox) -> None:
    sign_in(customer, on=Client()).post("/security/email/", {"email": "new@example.com"})
    other = sign_in(new_customer(), on=Client())
    open_link(other, outbox()[-1].words["link"])
    assert other.post(mailed.page(other, "/security/email/confirm/")).status_code == 410
    assert Client().get("/security/email/confirm/").status_code == 302
    customer.refresh_from_db()
    assert customer.email != "new@example.com"


def test_an_address_that_is_taken_walks_the_same_path_and_tells_its_owner(
    sign_in: SignIn, customer: User, outbox: Outbox
) -> None:
    owner = new_customer("taken@example.com")
    client = sign_in(customer)
    taken = client.post("/security/email/", {"email": owner.email}).text
    free = client.post("/security/email/", {"email": "other@example.com"}).text
    clean = [text.split("<main")[1].split("Reference")[0] for text in (taken, free)]
    assert clean[0].replace(owner.email, "") == clean[1].replace("other@example.com", "")
    assert [mail.kind for mail in outbox() if mail.to == owner.email] == ["you_have_an_account"]


def test_ones_own_address_is_said_to_be_no_new_one_however_it_is_written(
    sign_in: SignIn, customer: User, outbox: Outbox
) -> None:
    """The page promised a link that never came."""
    client = sign_in(customer)
    for own in (customer.email, customer.email.upper(), customer.email.replace(".", "\u3002")):
        page = client.post("/security/email/", {"email": own})
        assert "This is the address that you have already." in page.text
        assert "on its way" not in page.text
    assert outbox() == []


def test_an_address_taken_meanwhile_changes_nothing(sign_in: SignIn, customer: User, outbox: Outbox) -> None:
    client = sign_in(customer)
    client.post("/security/email/", {"email": "race@example.com"})
    new_customer("race@example.com")
    open_link(client, outbox()[-1].words["link"])
    assert client.post(mailed.page(client, "/security/email/confirm/")).status_code == 403
    customer.refresh_from_db()
    assert customer.email != "race@example.com"


@pytest.mark.control("v5.0.0-7.4.3", "v5.0.0-6.2.3")
def test_a_new_password_ends_every_other_session_and_is_told(sign_in: SignIn, customer: User, outbox: Outbox) -> None:
    here, there = sign_in(customer, on=Client()), sign_in(customer, on=Client())
    assert here.post("/security/password/", {"current": PASSWORD, "password": NEW}).status_code == 302
    assert here.get("/profile/").status_code == 200
    assert there.get("/profile/").status_code == 302
    assert outbox()[-1].kind == "password_changed"
    customer.refresh_from_db()
    assert customer.check_password(NEW)


def test_a_sign_up_that_nobody_has_proven_keeps_its_owner_from_nothing(
    sign_in: SignIn, customer: User, outbox: Outbox
) -> None:
    """Before, asking and proven: a stranger's sign-up with the address blocked the change with "cannot be used"."""
    client, new = sign_in(customer), "mine@example.com"
    stranger = {"email": new, "password1": "a passphrase nobody has"}
    Client().post("/sign-up/", stranger)
    prepared = User.objects.get(email=new).pk
    client.post("/security/email/", {"email": new})
    (link,) = [mail.words["link"] for mail in outbox() if mail.kind == "confirm_your_new_address"]
    Client().post("/sign-up/", stranger)
    open_link(client, link)
    assert client.post(mailed.page(client, "/security/email/confirm/")).status_code == 302
    customer.refresh_from_db()
    assert customer.email == new
    assert not User.objects.filter(pk=prepared).exists()
    assert AuditEntry.objects.get(name="account.unproven_removed").about == prepared
    for mail in outbox():
        if mail.kind == "confirm_your_address":
            page = open_link(Client(), mail.words["link"])
            assert page.status_code == 410


def test_what_others_ask_for_an_address_keeps_no_customer_from_changing_to_it(
    sign_in: SignIn, customer: User, outbox: Outbox
) -> None:
    other, new = sign_in(new_customer(), on=Client()), {"email": "mine@example.com"}
    most = limits.current().proof.mails_per_address_per_hour
    assert {other.post("/security/email/", new).status_code for _ in range(most)} == {200}
    page = other.post("/security/email/", new)
    assert page.status_code == 429
    assert 3500 < int(page["Retry-After"]) <= 3600
    before = len(outbox())
    sign_in(customer).post("/security/email/", new)
    assert [mail.kind for mail in outbox()[before:]] == ["email_change_started", "confirm_your_new_address"]


@pytest.mark.control("v5.0.0-6.2.3")
@pytest.mark.parametrize("current", ["", "not the password there is", NEW])
def test_a_new_password_takes_the_one_there_is_however_fresh_the_proof(
    sign_in: SignIn, customer: User, outbox: Outbox, current: str
) -> None:
    page = sign_in(customer).post("/security/password/", {"current": current, "password": NEW})
    assert page.status_code == 200
    assert "Error:" in page.text
    assert NEW not in page.text
    customer.refresh_from_db()
    assert customer.check_password(PASSWORD)
    assert outbox() == []
    guesses = AuditEntry.objects.filter(name="factor.failed", about=customer.pk).count()
    assert guesses == (1 if current else 0)


@pytest.mark.control("v5.0.0-6.2.3", "v5.0.0-6.3.1")
@pytest.mark.parametrize(("current", "counted"), [("", 0), ("not the password there is", 1)])
def test_that_a_guess_is_the_password_there_is_is_said_only_to_who_knows_it(
    sign_in: SignIn, customer: User, current: str, counted: int
) -> None:
    """A page that says so for free would be a way to guess it past every count."""
    here, same = sign_in(customer), "This is the password you have already"
    assert same not in here.post("/security/password/", {"current": current, "password": PASSWORD}).text
    assert AuditEntry.objects.filter(name="factor.failed", about=customer.pk).count() == counted
    assert same in here.post("/security/password/", {"current": PASSWORD, "password": PASSWORD}).text


@pytest.mark.control("v5.0.0-6.3.1")
def test_guessing_the_current_password_pauses_that_session_only(sign_in: SignIn, customer: User) -> None:
    here, there = sign_in(customer, on=Client()), sign_in(customer, on=Client())
    form = {"current": "not the password there is", "password": NEW}
    for _ in range(limits.current().sign_in.device_failures):
        here.post("/security/password/", form)
    page = here.post("/security/password/", form | {"current": PASSWORD})
    assert page.status_code == 200
    assert "Please wait" in page.text
    assert there.post("/security/password/", form | {"current": PASSWORD}).status_code == 302


@pytest.mark.parametrize("path", ["/security/email/", "/security/password/"])
def test_changing_how_one_signs_in_asks_for_a_fresh_proof(sign_in: SignIn, customer: User, path: str) -> None:
    client, later = sign_in(customer), timedelta(seconds=601)
    assert client.get(path).status_code == 200
    with time_machine.travel(clock.now() + later, tick=False):
        for answer in (client.get(path), client.post(path, {"email": "n@example.com", "password": NEW})):
            assert answer.status_code == 302
            assert answer["Location"].startswith("/prove/?")
    customer.refresh_from_db()
    assert customer.check_password(PASSWORD)
