"""A recovery from its first code to its end, through the pages; and everything that must stop it."""

import re
import tomllib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.baseline.history import Seen
from accounts.budgets import counter as budget
from accounts.customer import proofs
from accounts.factors import verifier as factors
from accounts.factors.verifier import Outcome
from accounts.models import BackupCode, Device, Proof, Session, Totp, User
from accounts.sign_in import flows as sign_in_flows
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.errors import OnHold, Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from recovery.case import facts, tasks
from recovery.case.flows import finish, renewal, show, wait
from recovery.case.flows.show import Attempt
from recovery.case.policy import cases as policy
from recovery.case.policy.evidence import Way
from recovery.case.policy.states import State
from recovery.case.proofs import STOP_RECOVERY
from recovery.models import Case, Guesses, Shown
from tests import mailed
from tests.factories import Message, outbox, signed_in
from tests.factories import customer as new_customer
from tests.recovery import steps
from tests.recovery.steps import Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(customer: User) -> User:
    """A customer with an app, and a phone for recovery."""
    steps.with_app(customer)
    steps.with_phone(customer)
    return customer


@pytest.fixture
def person() -> Person:
    return Person(Client())


@pytest.mark.control("v5.0.0-6.4.4", "63B 4.2.1.1/d", "63B 4.2.1.1/e")
def test_from_two_codes_through_the_wait_to_a_new_factor(
    owner: User, person: Person, sign_in: Callable[..., Client]
) -> None:
    before = sign_in(owner, on=Client())
    factors.make_backup_codes(owner, clock.now())
    with steps.later(minutes=1):
        assert "Please wait until" in person.two_codes(owner.email).text
        case = steps.case_of(owner)
        assert case.state == State.COOLING_OFF
        assert {mail.to for mail in steps.news("opened")} == {owner.email, steps.PHONE}
        assert {mail.to for mail in steps.news("waits")} == {owner.email, steps.PHONE}
        assert "Finish your recovery" not in person.finish().text
    assert case.ready_at is not None
    with steps.later(days=7, minutes=2):
        assert tasks.sweep() == 1
        assert tasks.sweep() == 0
        assert {mail.to for mail in steps.news("ready")} == {owner.email, steps.PHONE}
        case.refresh_from_db()
        assert case.state == State.COOLING_OFF
        done = person.finish()
        assert "Your account is yours again" in done.text
    case.refresh_from_db()
    owner.refresh_from_db()
    assert case.state == State.COMPLETED
    assert owner.check_password(steps.NEW)
    assert owner.recovered_at is not None
    assert Totp.objects.filter(user=owner).count() == 1
    assert Totp.objects.get(user=owner).bin_key != steps.SEED
    fresh = [factors.plain_backup_code(code) for code in done.context["codes"]]
    assert len(fresh) == limits.current().factors.backup_codes
    assert all(code in done.text for code in done.context["codes"])
    kept = BackupCode.objects.filter(customer=owner)
    assert kept.count() == len(fresh)
    assert not kept.filter(created_at__lt=case.ended_at).exists()
    assert {mail.to for mail in outbox() if mail.kind == "factor_backup_codes_made"} == {owner.email, steps.PHONE}
    assert factors.spend_backup_code(owner, fresh[0], clock.now()).outcome is Outcome.RIGHT
    assert not Session.objects.filter(ended_at__isnull=True).exists()
    assert not Device.objects.filter(revoked_at__isnull=True).exists()
    assert before.get("/profile/").status_code == 302
    assert person.client.get("/profile/").status_code == 302
    assert {mail.to for mail in steps.news("completed")} == {owner.email, steps.PHONE}
    names = set(AuditEntry.objects.filter(about=owner.pk).values_list("name", flat=True))
    assert {"recovery.opened", "recovery.shown", "recovery.waits", "recovery.ready", "recovery.completed"} <= names


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        ({"seconds": 1}, "6 days and 23 hours"),
        ({"days": 1}, "6 days"),
        ({"days": 5, "hours": 23}, "1 day and 1 hour"),
        ({"days": 6, "hours": 1}, "23 hours"),
        ({"days": 6, "hours": 22, "minutes": 58}, "1 hour and 2 minutes"),
        ({"days": 6, "hours": 23, "minutes": 59}, "1 minute"),
        ({"days": 6, "hours": 23, "minutes": 59, "seconds": 30}, "less than a minute"),
    ],
)
def test_the_countdown_says_how_long_it_still_is(
    owner: User, person: Person, passed: dict[str, int], words: str
) -> None:
    person.two_codes(owner.email)
    changed = owner.contact_changed_at = clock.now()
    owner.save()
    with time_machine.travel(changed + timedelta(**passed), tick=False):
        page = person.client.get("/recover/wait/").text
    assert f"That is in <strong>{words}</strong>." in page
    assert str(owner.local(changed + timedelta(days=7))) in page


def test_a_passkey_that_is_left_is_not_touched(owner: User, person: Person) -> None:
    person.start(owner.email, lost=("lost_passkey",))
    person.show("mail", steps.latest("recovery_code"))
    person.show("app", steps.code_at(steps.SEED, clock.now()))
    case = steps.case_of(owner)
    assert case.state == State.COOLING_OFF
    assert not finish.needs_factor(case)
    with steps.later(days=7, minutes=1):
        assert "Your account is yours again" in person.finish().text
    assert Totp.objects.get(user=owner).bin_key == steps.SEED


def test_new_backup_codes_are_made_at_the_end_alone_and_only_for_one_that_was_used(owner: User, person: Person) -> None:
    person.start(owner.email, lost=("lost_passkey",))
    person.show("mail", steps.latest("recovery_code"))
    person.show("app", steps.code_at(steps.SEED, clock.now()))
    with steps.later(days=7, minutes=1):
        assert person.finish().context["codes"] == []
    thief, case = Person(Client()), steps.case_of(owner)
    for at in (clock.now(), case.ended_at):
        assert at is not None
        with pytest.raises(Refused):
            renewal.renew(case, by=Actor.system(), at=at)
    with steps.later(days=8):
        thief.two_codes(owner.email)
        with pytest.raises(Refused):
            renewal.renew(steps.case_of(owner), by=Actor.system(), at=clock.now())


def test_new_backup_codes_survive_a_reload_for_some_minutes_in_this_browser_only(owner: User, person: Person) -> None:
    person.two_codes(owner.email)
    with steps.later(days=7, minutes=1):
        done = person.finish()
        assert done.redirect_chain == [("/recover/finished/", 302)]
        assert len(done.context["codes"]) == 10
        assert "no-store" in done["Cache-Control"]
        for again in ("/recover/finished/", "/recover/finish/"):
            page = person.client.get(again, follow=True)
            assert page.context["codes"] == done.context["codes"]
            assert "five minutes" in page.text
        assert BackupCode.objects.filter(customer=owner).count() == 10
        # the key of the recovery alone shows them nowhere else, nor can they be read in the cache
        other = Client()
        other.cookies[settings.RECOVERY_COOKIE_NAME] = person.key()
        assert "shown for five minutes only" in other.get("/recover/finished/", follow=True).text
        assert done.context["codes"][0] not in str(cache.get(f"recovered:{person.client.session['recovered']}"))
        cache.clear()
        page = person.client.get("/recover/finished/", follow=True)
        assert page.redirect_chain == [("/recover/wait/", 302)]
        assert "shown for five minutes only" in page.text


def test_a_wrong_code_of_the_new_app_changes_nothing(owner: User, person: Person) -> None:
    person.two_codes(owner.email)
    with steps.later(days=7, minutes=1):
        here = person.client.get("/recover/finish/").context["here"]
        page = person.client.post(here, {"password": steps.NEW, "code": "000000"})
        assert "not right" in page.text
        owner.refresh_from_db()
        assert not owner.check_password(steps.NEW)
        assert Totp.objects.get(user=owner).bin_key == steps.SEED
        assert "Your account is yours again" in person.finish().text


@pytest.mark.control("v5.0.0-6.3.8")
def test_strangers_and_customers_see_the_same_bytes(owner: User) -> None:
    def pages(email: str) -> list[str]:
        person = Person(Client())
        seen = [person.start(email), person.show("mail", "00000000"), person.show("app", "000000"), person.send("sms")]
        seen += [person.show("sms", "00000000"), person.show("saved", "ABCD-EFGH-JKLM-NPQR")]
        seen += [person.client.get("/recover/show/?way=contact"), person.show("contact", "00000000")]
        return [page.text.split("<main")[1].split("</main>")[0] for page in seen]

    def plain(texts: list[str]) -> list[str]:
        own = re.compile(r"csrfmiddlewaretoken|\?try=")  # of this browser, not of the account
        return ["\n".join(own.split(line)[0] for line in text.splitlines()) for text in texts]

    assert plain(pages(owner.email)) == plain(pages("nobody@example.com"))


def test_at_most_two_requests_in_two_minutes_for_strangers_and_customers_alike(owner: User) -> None:
    for email in (owner.email, "nobody@example.com"):
        answers = [Person(Client()).start(email).status_code for _ in range(3)]
        assert answers == [200, 200, 429]


def test_what_is_refused_for_two_minutes_uses_up_nothing_of_the_day(owner: User) -> None:
    """11 requests in a row stopped the owner for a day."""
    counts = [facts.asked(owner.email, "") for _ in range(11)]
    assert [each.in_two_minutes for each in counts] == list(range(1, 12))
    assert {each.in_a_day for each in counts[2:]} == {each.in_an_hour for each in counts[2:]} == {2}


def test_the_page_says_when_the_window_that_is_used_up_ends(owner: User) -> None:
    for _ in range(2):
        Person(Client()).start(owner.email)
    page = Person(Client()).start(owner.email)
    assert 100 < int(page["Retry-After"]) <= 120
    for _ in range(limits.current().proof.mails_per_address_per_hour):
        cache.delete_many(list_of_two_minutes(owner))
        page = Person(Client()).start(owner.email)
    assert 3500 < int(page["Retry-After"]) <= 3600
    assert "60 minutes" in page.text


def list_of_two_minutes(owner: User) -> list[str]:
    return [budget._key("recovery", f"{owner.email} ")]


@pytest.mark.control("v5.0.0-6.6.3")
def test_a_code_that_was_guessed_at_too_often_is_dead(owner: User, person: Person) -> None:
    person.start(owner.email)
    for _ in range(limits.current().proof.code_attempts):
        person.show("mail", "00000000")
    person.show("mail", steps.latest("recovery_code"))
    assert not Case.objects.exists()


@pytest.mark.parametrize("trait", [{"proven": False}, {"is_active": False}])
def test_an_unproven_or_closed_account_gets_no_code(trait: dict[str, Any], person: Person) -> None:
    assert person.start(new_customer(**trait).email).status_code == 200
    assert outbox() == []


# What an attacker has, and what it must not reach


@pytest.mark.control("v5.0.0-6.4.4")
def test_a_mailbox_alone_restores_no_factor(owner: User, person: Person) -> None:
    person.start(owner.email)
    person.show("mail", steps.latest("recovery_code"))
    person.send("mail")
    person.show("mail", steps.latest("recovery_code"))
    assert steps.case_of(owner).state == State.OPEN
    with steps.later(days=8):
        person.finish()
        tasks.sweep()
    owner.refresh_from_db()
    assert steps.case_of(owner).state == State.OPEN
    assert not owner.check_password(steps.NEW)
    assert Totp.objects.get(user=owner).bin_key == steps.SEED


def test_a_mailbox_and_the_password_restore_no_factor(
    owner: User, person: Person, sign_in: Callable[..., Client]
) -> None:
    sign_in(owner, Method.PASSWORD, on=person.client)
    person.start(owner.email)
    person.show("mail", steps.latest("recovery_code"))
    assert steps.case_of(owner).state == State.OPEN
    assert "Finish" not in person.client.get("/recover/wait/", follow=True).text.split("<main")[1]
    assert Totp.objects.get(user=owner).bin_key == steps.SEED


@pytest.mark.control("v5.0.0-6.4.4")
def test_a_mailbox_and_a_stolen_number_restore_no_factor(owner: User, person: Person) -> None:
    """Both codes are issued by us: one method (NIST SP 800-63B-4 section 4.2.2.2)."""
    person.start(owner.email)
    page = person.show("mail", steps.latest("recovery_code"))
    assert "Use a code by text message" not in page.text
    person.send("sms")
    person.show("sms", steps.latest("recovery_code"))
    assert steps.case_of(owner).state == State.OPEN
    with steps.later(days=8):
        person.finish()
    assert Totp.objects.get(user=owner).bin_key == steps.SEED


def test_a_stolen_number_alone_restores_no_factor(owner: User, person: Person) -> None:
    person.start(owner.email)
    person.send("sms")
    person.show("sms", steps.latest("recovery_code"))
    assert steps.case_of(owner).state == State.OPEN
    assert {mail.to for mail in steps.news("opened")} == {owner.email, steps.PHONE}
    assert "recover/show" in person.client.get("/recover/wait/", follow=True).redirect_chain[-1][0]


def test_a_new_phone_number_restores_nothing_yet(customer: User, person: Person) -> None:
    steps.with_app(customer)
    steps.with_phone(customer, rested=False)
    person.start(customer.email)
    person.show("mail", steps.latest("recovery_code"))
    before = len(outbox())
    person.send("sms")
    assert len(outbox()) == before


def test_a_thiefs_code_never_adds_to_what_the_owner_showed(owner: User, person: Person) -> None:
    thief = Person(Client())
    thief.start(owner.email)
    thief.send("sms")
    thief.show("sms", steps.latest("recovery_code"))
    first = steps.case_of(owner)
    with steps.later(minutes=3):
        person.start(owner.email)
        person.show("mail", steps.latest("recovery_code"))
    first.refresh_from_db()
    assert first.state == State.CANCELLED
    assert list(Shown.objects.filter(case=steps.case_of(owner)).values_list("way", flat=True)) == ["mail"]
    assert "recover/" in thief.client.get("/recover/show/", follow=True).redirect_chain[-1][0]


def test_a_running_recovery_does_not_give_way_to_one_code(owner: User, person: Person) -> None:
    person.two_codes(owner.email)
    thief = Person(Client())
    with steps.later(minutes=3):
        thief.start(owner.email)
        assert thief.show("mail", steps.latest("recovery_code")).status_code == 403
    assert steps.case_of(owner).state == State.COOLING_OFF


def test_another_browser_cannot_finish_it(owner: User, person: Person) -> None:
    person.two_codes(owner.email)
    case, browser = steps.case_of(owner), sign_in_flows.Browser("", "", _seen())
    with steps.later(days=7, minutes=1), pytest.raises(Refused) as refused:
        finish.complete(case, "x" * 43, steps.NEW, None, browser, by=Actor.system(), at=clock.now())
    assert refused.value.reason is policy.Reason.NOT_POSSIBLE
    assert Client().get("/recover/finish/", follow=True).redirect_chain[-1][0] == "/recover/wait/"


def test_a_hundred_wrong_guesses_shut_the_way_not_the_owner(owner: User, person: Person) -> None:
    _guessed_at(owner, Way.MAIL, 99)
    stranger = Person(Client())
    stranger.start(owner.email)
    stranger.show("mail", "00000000")
    assert Guesses.objects.get(customer=owner, way="mail").wrong == 100
    told = [mail for mail in outbox() if mail.kind == "recovery_way_shut"]
    assert {mail.to for mail in told} == {owner.email, steps.PHONE}
    cache.clear()  # two minutes later
    before = len(_codes())
    person.start(owner.email)
    assert len(_codes()) == before
    assert [mail.kind for mail in outbox()][-1] == "recovery_way_shut"  # in place of the code
    person.send("sms")
    person.show("sms", steps.latest("recovery_code"))
    assert steps.case_of(owner).state == State.OPEN
    with steps.later(minutes=5):
        session = _strong_session(owner)
        assert session.level == 2
        other = Person(Client())
        other.start(owner.email)
        assert [mail.to for mail in _codes()][-1] == owner.email


def _guessed_at(owner: User, way: Way, wrong: int) -> None:
    at = clock.now()
    Guesses.objects.create(customer=owner, way=way, wrong=wrong, first_at=at, last_at=at)


@pytest.mark.parametrize("way", [Way.MAIL, Way.SMS, Way.SAVED, Way.CONTACT, Way.APP])
def test_wrong_codes_without_anything_issued_shut_nothing(owner: User, way: Way) -> None:
    """An address was all it took: 100 wrong codes of each kind, and no way of recovery was left."""
    steps.with_contact(owner)
    made = Attempt(owner.email, "k" * 43, ())
    for _ in range(3):
        assert show.show(made, way, "00000000", by=Actor.system(), at=clock.now()) is None
    assert not Guesses.objects.exists()


def test_a_stranger_shuts_no_way_within_what_may_be_asked_in_a_day(owner: User) -> None:
    """As many wrong guesses as all the codes give that two days let be asked for are fewer than shut the way."""
    for section, key, value in (("recovery", "requests_per_day", 11), ("proof", "code_attempts", 6)):
        content = tomllib.loads(limits.read(limits.DEFAULT))
        content[section][key] = value
        with pytest.raises(limits.UnsafePolicy, match="guesses"):
            limits.parse(content)


def test_guesses_of_another_day_are_not_counted_together(owner: User) -> None:
    _guessed_at(owner, Way.MAIL, 99)
    with steps.later(hours=24):
        stranger = Person(Client())
        stranger.start(owner.email)
        stranger.show("mail", "00000000")
        assert Guesses.objects.get(customer=owner, way="mail").wrong == 1


def test_a_way_that_is_shut_says_so_to_whoever_has_shown_something_and_opens_by_itself(
    owner: User, person: Person
) -> None:
    steps.with_contact(owner)
    _guessed_at(owner, Way.CONTACT, 100)
    hours = limits.current().recovery.shut_hours
    until = owner.local(clock.now() + timedelta(hours=hours)).split(",")[0]
    person.start(owner.email)
    person.show("mail", steps.latest("recovery_code"))
    page = person.send("contact")
    assert "codes from the people you trust are not accepted until" in page.text
    assert until in page.text
    assert steps.case_of(owner).state == State.OPEN
    with steps.later(hours=hours):
        person.send("contact")
        person.show("contact", steps.read_out(steps.vouch(steps.help_link())))
        assert steps.case_of(owner).state == State.COOLING_OFF


def test_the_owner_hears_of_a_way_that_is_shut_where_no_page_can_say_it(owner: User, person: Person) -> None:
    _guessed_at(owner, Way.CONTACT, 100)
    person.start(owner.email)
    page = person.show("contact", "12345678")
    assert "not accepted until" not in page.text  # the same as for an address that has no account
    told = [mail for mail in outbox() if mail.kind == "recovery_way_shut"]
    assert {mail.to for mail in told} == {owner.email, steps.PHONE}
    assert {mail.words["way"] for mail in told} == {"contact"}


def test_whoever_reads_the_mail_shuts_no_backup_codes(owner: User, person: Person) -> None:
    """A hundred wrong ones, and the owner's right one was refused for a day: again and again, if need be."""
    sheet = factors.make_backup_codes(owner, clock.now())
    _guessed_at(owner, Way.SAVED, 99)
    person.start(owner.email)
    person.show("mail", steps.latest("recovery_code"))
    for _ in range(3):
        person.show("saved", "ABCD-EFGH-JKLM-NPQR")
    assert not [mail for mail in outbox() if mail.kind == "recovery_way_shut"]
    person.show("saved", sheet[0])
    assert steps.case_of(owner).state == State.COOLING_OFF


def test_an_app_is_not_even_looked_at_before_a_code_was_shown(owner: User, person: Person) -> None:
    person.start(owner.email, lost=())
    for _ in range(5):
        person.show("app", "000000")
    assert Totp.objects.get(user=owner).throttling_failure_count == 0


def test_an_app_that_was_guessed_at_too_often_counts_as_lost(owner: User, person: Person) -> None:
    Totp.objects.update(throttling_failure_count=limits.current().factors.app_failures)
    person.start(owner.email, lost=())
    person.show("mail", steps.latest("recovery_code"))
    assert steps.case_of(owner).lost == ["totp"]


# Stopping


def test_every_message_stops_it_without_signing_in_and_a_scanner_does_not(owner: User, person: Person) -> None:
    person.two_codes(owner.email)
    for mail in steps.news("waits"):
        scanner = Client()
        page = scanner.get(steps.path(mail.words["link"]), follow=True)
        assert page.status_code == 200
        secret = mail.words["link"].rstrip("/").rsplit("/", 1)[1]
        assert secret not in page.text
        assert secret not in page.request["PATH_INFO"]
        scanner.head(mailed.page(scanner, "/recover/stop/"))
    assert steps.case_of(owner).state == State.COOLING_OFF
    link = steps.news("opened")[0].words["link"]
    browser = Client()
    browser.get(steps.path(link))
    assert "is stopped" in browser.post(mailed.page(browser, "/recover/stop/")).text
    case = steps.case_of(owner)
    assert case.state == State.CANCELLED
    assert {mail.to for mail in steps.news("cancelled")} == {owner.email, steps.PHONE}
    assert browser.post(mailed.page(browser, "/recover/stop/")).status_code == 410
    other = Client()
    other.get(steps.path(steps.news("waits")[0].words["link"]))
    assert other.post(mailed.page(other, "/recover/stop/")).status_code == 410
    with steps.later(days=7, minutes=1):
        person.finish()
    owner.refresh_from_db()
    assert not owner.check_password(steps.NEW)


def test_a_stop_link_works_after_a_new_password(owner: User, person: Person) -> None:
    person.two_codes(owner.email)
    proofs.drop(owner, clock.now())
    browser = Client()
    browser.get(steps.path(steps.news("opened")[0].words["link"]))
    assert browser.post(mailed.page(browser, "/recover/stop/")).status_code == 200
    assert steps.case_of(owner).state == State.CANCELLED


def test_a_live_session_shows_it_and_can_stop_it(owner: User, person: Person, sign_in: Callable[..., Client]) -> None:
    home = sign_in(owner, on=Client())
    with steps.later(minutes=1):
        assert "without signing in" not in home.get("/security/").text
        person.two_codes(owner.email)
        assert "Somebody is trying to get into your account" in home.get("/security/").text
        assert home.get("/security/recovery/stop/").status_code == 405
        home.post("/security/recovery/stop/")
        assert steps.case_of(owner).state == State.CANCELLED
        assert "Somebody is trying" not in home.get("/security/").text


def test_the_banner_costs_a_statement_only_while_there_is_one(
    owner: User, person: Person, sign_in: Callable[..., Client], django_assert_num_queries: Any
) -> None:
    home = sign_in(owner, on=Client())
    with django_assert_num_queries(5):  # browser session, session with customer, sessions, browsers, apps
        home.get("/sessions/")
    with steps.later(minutes=1):
        person.two_codes(owner.email)
        home.get("/sessions/")  # notes the use
        with django_assert_num_queries(6):
            assert "Somebody is trying" in home.get("/sessions/").text


@pytest.mark.parametrize("end", [State.CANCELLED, State.EXPIRED, State.COMPLETED, State.REJECTED])
def test_an_account_says_whether_it_is_being_recovered(owner: User, end: State) -> None:
    def says() -> bool:
        return User.objects.get(pk=owner.pk).is_recovering

    assert not says()
    case = Case.objects.create(customer=owner, state=State.OPEN, opened_at=clock.now())
    for state in (State.PROVEN, State.COOLING_OFF):
        case.become(state, clock.now())
        assert says()
    Case.objects.create(customer=owner, state=State.CANCELLED, opened_at=clock.now(), ended_at=clock.now())
    assert says()  # an old one that is over changes nothing
    case.become(end, clock.now())
    assert not says()


def test_a_strong_sign_in_ends_it_and_a_weak_one_does_not(owner: User, person: Person) -> None:
    person.two_codes(owner.email)
    with steps.later(hours=1):
        _session(owner, Method.PASSWORD)
        assert tasks.sweep() == 0
    with steps.later(hours=2):
        _strong_session(owner)
        assert person.client.get("/recover/wait/").status_code == 410
        assert tasks.sweep() == 1
    case = steps.case_of(owner)
    assert case.state == State.EXPIRED
    assert AuditEntry.objects.get(name="recovery.expired").data["signed_in"] is True


def test_a_strong_sign_in_is_seen_at_completion_without_any_sweep(owner: User, person: Person) -> None:
    person.two_codes(owner.email)
    case = steps.case_of(owner)
    with steps.later(hours=2):
        _strong_session(owner)
    browser = sign_in_flows.Browser("", "", _seen())
    with steps.later(days=7, minutes=1), pytest.raises(Refused) as refused:
        finish.complete(case, _key(person), steps.NEW, None, browser, by=Actor.system(), at=clock.now())
    assert refused.value.reason is policy.Reason.SIGNED_IN_SINCE


def test_it_is_over_after_its_days(owner: User, person: Person) -> None:
    person.two_codes(owner.email)
    with steps.later(days=limits.current().recovery.case_days):
        assert tasks.sweep() == 1
        assert person.client.get("/recover/wait/").status_code == 410
    assert steps.case_of(owner).state == State.EXPIRED


def test_a_recovery_proven_on_its_last_day_can_still_be_finished(owner: User, person: Person) -> None:
    sheet = factors.make_backup_codes(owner, clock.now())
    person.start(owner.email)
    person.show("mail", steps.latest("recovery_code"))
    with steps.later(days=13, hours=23):
        assert "Please wait until" in person.show("saved", sheet[0]).text
    case = steps.case_of(owner)
    assert case.ready_at is not None
    late = case.ready_at - clock.now()
    with steps.later(seconds=late.total_seconds() + 60):
        assert case.opened_at + timedelta(days=14) < clock.now()
        assert tasks.sweep() == 1
        assert "Your account is yours again" in person.finish().text
    assert {mail.to for mail in steps.news("ready")} == {owner.email, steps.PHONE}


def test_the_key_and_the_links_that_stop_it_last_as_long_as_it_can(owner: User, person: Person) -> None:
    person.two_codes(owner.email)
    rules = limits.current().recovery
    longest = timedelta(days=rules.case_days, hours=2 * rules.longest_wait_hours + rules.finish_hours)
    assert person.client.cookies[settings.RECOVERY_COOKIE_NAME]["max-age"] == longest.total_seconds()
    case = steps.case_of(owner)
    ends = set(Proof.objects.filter(purpose=STOP_RECOVERY.name).values_list("expires_at", flat=True))
    assert ends == {case.opened_at + longest}


def test_a_clock_that_goes_back_finishes_nothing(owner: User, person: Person) -> None:
    person.two_codes(owner.email)
    case = steps.case_of(owner)
    browser = sign_in_flows.Browser("", "", _seen())
    with steps.later(days=-30), pytest.raises(OnHold):
        finish.complete(case, _key(person), steps.NEW, None, browser, by=Actor.system(), at=clock.now())


# What the database holds


def test_one_live_case_for_each_customer(owner: User) -> None:
    Case.objects.create(customer=owner, state=State.OPEN, opened_at=clock.now())
    with pytest.raises(IntegrityError), transaction.atomic():
        Case.objects.create(customer=owner, state=State.PROVEN, opened_at=clock.now())
    Case.objects.create(customer=owner, state=State.CANCELLED, opened_at=clock.now(), ended_at=clock.now())


@pytest.mark.parametrize("columns", [{"state": "free"}, {"ended_at": "now"}, {"approver": "proposer"}, {"by": "own"}])
def test_what_must_never_be_is_refused_by_the_database(owner: User, columns: dict[str, str]) -> None:
    at, staff = clock.now(), new_customer().pk
    row = Case(customer=owner, state=columns.get("state", State.OPEN), opened_at=at)
    if "ended_at" in columns:
        row.ended_at = at
    if "approver" in columns:
        row.proposed_by = row.approved_by = staff
    if "by" in columns:
        row.proposed_by = owner.pk
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_whoever_is_told_can_stop_it_while_it_lives(owner: User, person: Person) -> None:
    person.two_codes(owner.email)
    case = steps.case_of(owner)
    wait.cancel_here(case, by=Actor.system(), at=clock.now())
    for verb in (wait.cancel_here, wait.expire, wait.say_ready):
        with pytest.raises(Refused):
            verb(case, by=Actor.system(), at=clock.now())


def _codes() -> list[Message]:
    return [mail for mail in outbox() if mail.kind == "recovery_code"]


def _seen() -> Seen:
    return Seen(address="127.0.0.1", browser="Firefox", system="Linux")


def _key(person: Person) -> str:
    return str(person.client.cookies[settings.RECOVERY_COOKIE_NAME].value)


def _session(owner: User, *methods: Method) -> Session:
    return signed_in(Client(), owner, methods, clock.now())


def _strong_session(owner: User) -> Session:
    return _session(owner, Method.PASSWORD, Method.TOTP)
