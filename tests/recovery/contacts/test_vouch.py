"""A contact helps in a recovery: called first, shown a code once, read out, typed; and all that must not work."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client

from accounts.factors import verifier as factors
from accounts.models import Totp, User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy.assurance import Method
from recovery.case.flows import show, wait
from recovery.case.flows.show import Attempt
from recovery.case.policy.evidence import Strength, Way
from recovery.case.policy.states import State
from recovery.contacts.flows import vouch
from recovery.models import Contact, Guesses, Shown
from tests import mailed
from tests.factories import customer as new_customer
from tests.factories import outbox
from tests.recovery import steps
from tests.recovery.steps import FRIEND, Person

pytestmark = pytest.mark.django_db
BEN = "ben@example.org"


@pytest.fixture
def owner(customer: User) -> User:
    """A customer with an app, and one person they trust."""
    steps.with_app(customer)
    steps.with_contact(customer)
    return customer


@pytest.fixture
def person() -> Person:
    return Person(Client())


@pytest.fixture
def removed(owner: User, sign_in: Callable[..., Client]) -> Callable[[], None]:
    """What the owner can do in a session of their own: take the contact away."""

    def remove() -> None:
        home = sign_in(owner, Method.PASSWORD, Method.TOTP, on=Client())
        item = Contact.objects.kept().get()
        home.post(f"/security/recovery/contacts/{item.pk}/remove/")
        assert not Contact.objects.kept().exists()

    return remove


def asked() -> list[str]:
    return [mail.to for mail in outbox() if mail.kind == "recovery_contact_asked"]


@pytest.mark.control("63B 4.2.1.3", "v5.0.0-6.4.4")
def test_a_mail_code_and_a_contact_together_are_enough(owner: User, person: Person) -> None:
    person.start(owner.email)
    page = person.show("mail", steps.latest("recovery_code"))
    assert "Ask somebody I trust" in page.text
    assert "they are being asked now" in person.send("contact").text
    assert asked() == [FRIEND]
    assert {mail.to for mail in outbox() if mail.kind == "recovery_contacts_were_asked"} == {owner.email}
    page = steps.vouch(steps.help_link())
    assert "Read this code to them" in page.text
    assert "no-store" in page.headers["Cache-Control"]
    assert "Please wait until" in person.show("contact", steps.read_out(page)).text
    case = steps.case_of(owner)
    assert (case.state, case.strength) == (State.COOLING_OFF, Strength.TWO_CODES)
    names = AuditEntry.objects.filter(about=owner.pk).values_list("name", flat=True)
    assert "recovery.contact_saw_code" in names
    with steps.later(days=7, minutes=1):
        assert "Your account is yours again" in person.finish().text


@pytest.mark.control("v5.0.0-6.4.4")
def test_a_contact_alone_restores_no_factor_and_two_of_them_count_once(owner: User, person: Person) -> None:
    steps.with_contact(owner, BEN)
    person.start(owner.email)
    person.send("contact")
    assert sorted(asked()) == sorted([FRIEND, BEN])
    first, second = (steps.read_out(steps.vouch(steps.help_link(who))) for who in (FRIEND, BEN))
    person.show("contact", first)
    person.show("contact", second)
    case = steps.case_of(owner)
    assert case.state == State.OPEN
    assert list(Shown.objects.filter(case=case).values_list("way", flat=True)) == ["contact"]
    with steps.later(days=8):
        person.finish()
    owner.refresh_from_db()
    assert not owner.check_password(steps.NEW)
    assert Totp.objects.get(user=owner).bin_key == steps.SEED


def test_each_of_two_contacts_can_help_whoever_is_shown_a_code_last(owner: User, person: Person) -> None:
    steps.with_contact(owner, BEN)
    person.start(owner.email)
    person.send("contact")
    first = steps.read_out(steps.vouch(steps.help_link(FRIEND)))
    steps.vouch(steps.help_link(BEN))
    person.show("contact", first)
    assert steps.case_of(owner).shown.get().way == Way.CONTACT


def test_without_a_second_factor_a_contact_is_enough_after_a_wait(customer: User, person: Person) -> None:
    steps.with_contact(customer)
    person.start(customer.email, lost=())
    person.send("contact")
    assert "Please wait until" in person.show("contact", steps.read_out(steps.vouch(steps.help_link()))).text
    assert steps.case_of(customer).strength == Strength.WEAK


@pytest.mark.control("v5.0.0-6.3.8")
def test_asking_answers_alike_whether_or_not_there_is_anybody(owner: User) -> None:
    def pages(email: str) -> list[str]:
        person = Person(Client())
        person.start(email)
        seen = [person.client.get("/recover/show/?way=contact"), person.send("contact")]
        seen += [person.show("contact", "00000000")]
        texts = [page.text.split("<main")[1].split("</main>")[0] for page in seen]
        own = re.compile(r"csrfmiddlewaretoken|\?try=")  # of this browser, not of the account
        return ["\n".join(own.split(line)[0] for line in text.splitlines()) for text in texts]

    nobody = new_customer()
    assert pages(owner.email) == pages(nobody.email) == pages("stranger@example.com")
    assert asked() == [FRIEND]


@pytest.mark.parametrize("state", ["resting", "invited", "declined", "removed"])
def test_only_who_agreed_long_ago_and_is_still_named_is_asked(customer: User, person: Person, state: str) -> None:
    at = clock.now()
    if state == "resting":
        steps.with_contact(customer, rested=False)
    elif state == "removed":
        steps.with_contact(customer).remove(at)
    else:
        made = Contact.objects.create(customer=customer, name="A", address=FRIEND, invited_at=at - timedelta(days=30))
        if state == "declined":
            made.decline(at)
    person.start(customer.email)
    person.send("contact")
    assert asked() == []
    assert [mail for mail in outbox() if mail.kind == "recovery_contacts_were_asked"] == []


def test_a_scanner_that_opens_the_link_sees_no_code_and_spends_nothing(owner: User, person: Person) -> None:
    person.start(owner.email)
    person.send("contact")
    link = steps.help_link()
    (mail,) = [mail for mail in outbox() if mail.kind == "recovery_contact_asked"]
    assert "code" not in mail.words
    scanner = Client()
    page = scanner.get(link, follow=True)
    assert "Call the person you know, by voice, before you do this" in page.text
    assert link.rstrip("/").rsplit("/", 1)[1] not in page.text + page.request["PATH_INFO"]
    scanner.head(mailed.page(scanner, "/recover/help/"))
    assert "Please call them first" in scanner.post(mailed.page(scanner, "/recover/help/")).text
    assert "Read this code" in steps.vouch(link).text


def test_a_link_shows_a_code_once_and_in_time(owner: User, person: Person) -> None:
    person.start(owner.email)
    person.send("contact")
    link = steps.help_link()
    with steps.later(hours=24):
        assert steps.vouch(link).status_code == 410
    with steps.later(hours=23, minutes=59):
        page = steps.vouch(link)
        assert page.status_code == 200
        assert steps.vouch(link).status_code == 410
    with steps.later(hours=24):
        person.show("contact", steps.read_out(page))
    assert not owner.recoveries.exists()
    assert Client().post("/recover/help/", {"spoken": "on"}).status_code == 410


def test_the_browser_may_be_closed_while_a_contact_takes_their_time(owner: User, person: Person) -> None:
    person.start(owner.email)
    person.send("contact")
    del person.client.cookies[settings.SESSION_COOKIE_NAME]
    with steps.later(hours=23, minutes=59):
        page = steps.vouch(steps.help_link())
        person.show("contact", steps.read_out(page))
        assert steps.case_of(owner).shown.get().way == Way.CONTACT


def test_what_another_browser_said_is_not_read(owner: User, person: Person) -> None:
    person.start(owner.email)
    other = Person(Client())
    other.start("stranger@example.com")
    name = settings.RECOVERY_SAID_COOKIE_NAME
    assert owner.email not in person.client.cookies[name].value
    other.client.cookies[name] = person.client.cookies[name].value
    assert other.client.get("/recover/show/").headers["Location"] == "/recover/"


def test_a_code_works_once_and_in_the_browser_that_asked_alone(owner: User, person: Person) -> None:
    person.start(owner.email)
    person.send("contact")
    code = steps.read_out(steps.vouch(steps.help_link()))
    thief = Person(Client())
    with steps.later(minutes=5):
        thief.start(owner.email)
        assert "not right" in thief.show("contact", code).text
        person.show("contact", code)
        assert steps.case_of(owner).state == State.OPEN
        made = Attempt(owner.email, str(person.client.cookies[settings.RECOVERY_COOKIE_NAME].value), ())
        again = show.show(made, Way.CONTACT, code.replace(" ", ""), by=Actor.system(), at=clock.now())
        assert again is None


def test_removed_while_asked(owner: User, person: Person, removed: Callable[[], None]) -> None:
    person.start(owner.email)
    person.send("contact")
    link = steps.help_link()
    removed()
    assert steps.vouch(link).status_code == 410


def test_removed_after_the_code_was_shown(owner: User, person: Person, removed: Callable[[], None]) -> None:
    person.start(owner.email)
    person.send("contact")
    code = steps.read_out(steps.vouch(steps.help_link()))
    removed()
    assert "not right" in person.show("contact", code).text
    assert not owner.recoveries.exists()


def test_stopping_a_recovery_ends_what_contacts_were_asked(owner: User, person: Person) -> None:
    steps.with_contact(owner, BEN)
    person.start(owner.email)
    person.show("mail", steps.latest("recovery_code"))
    person.send("contact")
    code = steps.read_out(steps.vouch(steps.help_link()))
    wait.cancel_here(steps.case_of(owner), by=Actor.system(), at=clock.now())
    assert steps.vouch(steps.help_link(BEN)).status_code == 410
    person.show("contact", code)
    assert steps.case_of(owner).state == State.CANCELLED
    assert owner.recoveries.count() == 1


def test_few_guesses_for_one_try_and_a_hundred_shut_the_way(owner: User, person: Person) -> None:
    person.start(owner.email)
    person.send("contact")
    code = steps.read_out(steps.vouch(steps.help_link()))
    for _ in range(5):
        person.show("contact", "00000000")
    assert "not right" in person.show("contact", code).text
    assert Guesses.objects.get(customer=owner, way="contact").wrong == 5
    Guesses.objects.update(wrong=100)
    before = len(asked())
    with steps.later(minutes=5):
        person.start(owner.email)
        person.send("contact")
        assert len(asked()) == before
        person.show("mail", steps.latest("recovery_code"))
    assert steps.case_of(owner).state == State.OPEN


def test_a_contact_with_a_sheet_of_backup_codes_is_enough(owner: User, person: Person) -> None:
    sheet = factors.make_backup_codes(owner, clock.now())
    person.start(owner.email)
    person.send("contact")
    person.show("contact", steps.read_out(steps.vouch(steps.help_link())))
    person.show("saved", sheet[0])
    assert steps.case_of(owner).state == State.COOLING_OFF


def test_a_link_that_never_was_is_refused() -> None:
    with pytest.raises(Refused):
        vouch.show_code("x" * 43, by=Actor.system(), at=clock.now())
