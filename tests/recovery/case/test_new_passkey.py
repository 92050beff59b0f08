"""A recovery is finished with a new passkey: made for this recovery, in this browser, and for nothing else."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import Passkey, Totp, User
from ciam_portal.core import clock
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.policy.assurance import Method
from recovery.case.policy.states import State
from tests import factories
from tests.accounts.factors.soft_authenticator import SoftAuthenticator
from tests.factories import FIREFOX
from tests.recovery import steps
from tests.recovery.steps import Person

pytestmark = pytest.mark.django_db

BEGIN, FINISH = "/recover/finish/passkey/begin/", "/recover/finish/"


@pytest.fixture
def person(customer: User) -> Person:
    """The customer, who has lost the app and shown two codes."""
    steps.with_app(customer)
    steps.with_phone(customer)
    made = Person(Client(headers={"user-agent": FIREFOX}))
    made.two_codes(customer.email)
    return made


def send(client: Client, begun: dict[str, Any], key: SoftAuthenticator, password: str = steps.NEW) -> Any:
    sent = {"way": "passkey", "password": password, "ceremony": begun["ceremony"]}
    here = client.get(FINISH).context["here"]
    return client.post(here, sent | {"credential": key.create(begun["options"])}, follow=True)


def assert_nothing_changed(customer: User) -> None:
    customer.refresh_from_db()
    assert customer.check_password(factories.PASSWORD)
    assert steps.case_of(customer).state == State.COOLING_OFF
    assert Totp.objects.get(user=customer).bin_key == steps.SEED
    assert not Passkey.objects.filter(user=customer).exists()


@pytest.mark.control("v5.0.0-6.4.4")
def test_a_new_passkey_takes_the_place_of_the_lost_app(customer: User, person: Person) -> None:
    key = SoftAuthenticator()
    with steps.later(days=7, minutes=1):
        assert "data-passkey=" in person.client.get(f"{FINISH}?way=passkey").text
        begun = person.client.post(BEGIN).json()
        page = send(person.client, begun, key)
        assert "Your account is yours again" in page.text
        assert "or with your new passkey" in page.text
        assert person.client.get("/security/").status_code == 302
        entering = person.client.post("/sign-in/passkey/begin/").json()
        sent = {"ceremony": entering["ceremony"], "credential": key.get(entering["options"])}
        assert person.client.post("/sign-in/passkey/", sent).status_code == 302
        assert person.client.get("/security/").status_code == 200
    assert not Totp.objects.filter(user=customer).exists()
    assert Passkey.objects.get(user=customer).name == "Firefox on Linux"
    assert steps.case_of(customer).state == State.COMPLETED
    added = AuditEntry.objects.get(name="factor.added", about=customer.pk)
    assert added.data["method"] == Method.PASSKEY
    assert AuditEntry.objects.get(name="recovery.completed").data["added"] is True


def test_no_passkey_is_made_before_the_wait_is_over_or_by_anybody_else(customer: User, person: Person) -> None:
    assert person.client.post(BEGIN).status_code == 409
    assert Client().post(BEGIN).status_code == 409
    with steps.later(days=7, minutes=1):
        assert Client().post(BEGIN).status_code == 409
        assert person.client.get(BEGIN).status_code == 405
    assert_nothing_changed(customer)


def test_a_ceremony_serves_one_browser_one_recovery_and_one_use(customer: User, person: Person) -> None:
    with steps.later(days=7, minutes=1):
        begun = person.client.post(BEGIN).json()
        other = Client()  # has the key of the recovery, and still not the browser session of the ceremony
        other.cookies[settings.RECOVERY_COOKIE_NAME] = person.client.cookies[settings.RECOVERY_COOKIE_NAME].value
        other.post(BEGIN)
        assert "was not made" in send(other, begun, SoftAuthenticator()).text
        assert "was not made" in send(person.client, begun, SoftAuthenticator()).text  # spent by the try before
    assert_nothing_changed(customer)


@pytest.mark.parametrize("lie", [{"origin": "https://evil.example"}, {"verifies": False}, {"cross_origin": True}])
def test_a_passkey_that_lies_changes_nothing(customer: User, person: Person, lie: dict[str, Any]) -> None:
    with steps.later(days=7, minutes=1):
        begun = person.client.post(BEGIN).json()
        assert "was not made" in send(person.client, begun, SoftAuthenticator(**lie)).text
    assert_nothing_changed(customer)


def test_a_ceremony_of_another_purpose_is_none_of_this(
    customer: User, person: Person, sign_in: Callable[..., Client]
) -> None:
    """What was begun to show a passkey, or in a session to add one, makes none here; nor the other way round."""
    with steps.later(days=7, minutes=1):
        begun = person.client.post("/sign-in/passkey/begin/").json()
        begun["options"]["user"] = {"id": "AAAA"}
        assert "was not made" in send(person.client, begun, SoftAuthenticator()).text
        restore = person.client.post(BEGIN).json()
        key = SoftAuthenticator()
        other = factories.customer()
        sign_in(other, on=person.client)
        sent = {"name": "x", "ceremony": restore["ceremony"], "credential": key.create(restore["options"])}
        assert "That did not work" in person.client.post("/security/passkeys/add/", sent).text
    assert not Passkey.objects.exists()
    assert_nothing_changed(customer)


def test_somebody_elses_passkey_is_known_already(
    customer: User, person: Person, sign_in: Callable[..., Client]
) -> None:
    key, theirs = SoftAuthenticator(), sign_in(factories.customer(), on=Client())
    begun = theirs.post("/security/passkeys/add/begin/").json()
    sent = {"name": "Key", "ceremony": begun["ceremony"], "credential": key.create(begun["options"])}
    theirs.post("/security/passkeys/add/", sent)
    with steps.later(days=7, minutes=1):
        page = send(person.client, person.client.post(BEGIN).json(), key)
        assert "already registered" in page.text
    assert_nothing_changed(customer)


def test_a_weak_password_or_no_passkey_at_all_changes_nothing(customer: User, person: Person) -> None:
    with steps.later(days=7, minutes=1):
        begun = person.client.post(BEGIN).json()
        assert "too easy to guess" in send(person.client, begun, SoftAuthenticator(), "passwordpassword").text
        here = person.client.get(FINISH).context["here"]
        page = person.client.post(here, {"way": "passkey", "password": steps.NEW})
        assert "was not made" in page.text
        assert_nothing_changed(customer)
        assert "Your account is yours again" in send(person.client, begun, SoftAuthenticator()).text


def test_an_account_that_keeps_a_factor_is_offered_no_new_one(customer: User) -> None:
    steps.with_app(customer)
    person = Person(Client())
    person.start(customer.email, lost=())
    person.show("mail", steps.latest("recovery_code"))
    person.show("app", steps.code_at(steps.SEED, clock.now()))
    with steps.later(days=7, minutes=1):
        assert person.client.post(BEGIN).status_code == 409
        page = person.client.get(f"{FINISH}?way=passkey")
        assert "data-passkey=" not in page.text
        assert "Make a passkey instead" not in page.text
