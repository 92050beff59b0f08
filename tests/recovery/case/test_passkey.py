"""A passkey that is still in hand: shown after a code, and, from a browser at home, nothing to wait for."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import Passkey, Totp, User
from ciam_portal.core.policy.assurance import Method
from recovery.case.policy.evidence import Strength
from recovery.case.policy.states import State
from tests import factories
from tests.accounts.factors.soft_authenticator import SoftAuthenticator
from tests.recovery import steps
from tests.recovery.steps import Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def key(customer: User, sign_in: Callable[..., Client]) -> SoftAuthenticator:
    """A passkey of the customer's, beside an app that is lost."""
    made, browser = SoftAuthenticator(), sign_in(customer, on=Client())
    begun = browser.post("/security/passkeys/add/begin/").json()
    sent = {"name": "Key", "ceremony": begun["ceremony"], "credential": made.create(begun["options"])}
    browser.post("/security/passkeys/add/", sent)
    assert Passkey.objects.filter(user=customer).exists()
    steps.with_app(customer)
    return made


def show_passkey(person: Person, key: SoftAuthenticator) -> str:
    begun = person.client.post("/recover/passkey/begin/").json()
    sent = {"way": "passkey", "ceremony": begun["ceremony"], "credential": key.get(begun["options"])}
    return str(person.client.post(person.here("/recover/show/"), sent, follow=True).text)


@pytest.mark.parametrize("at_home", [True, False])
def test_nothing_to_wait_for_at_home_and_a_day_elsewhere(customer: User, key: SoftAuthenticator, at_home: bool) -> None:
    person = Person(Client(headers={"user-agent": factories.FIREFOX}))
    if at_home:  # they have signed in with this browser before, and are signed out
        factories.signed_in(person.client, customer, (Method.PASSWORD,))
        del person.client.cookies[settings.SESSION_COOKIE_NAME]
    with steps.later(hours=1):
        person.start(customer.email)
        person.show("mail", steps.latest("recovery_code"))
        page = show_passkey(person, key)
        case = steps.case_of(customer)
        assert (case.state, case.strength) == (State.COOLING_OFF, Strength.CODE_AND_FACTOR)
        if not at_home:
            assert "Please wait until" in page
            return
        assert "You can finish now" in page
        assert "Your account is yours again" in person.finish().text
    assert not Totp.objects.filter(user=customer).exists()
    assert Passkey.objects.filter(user=customer).exists()


def test_no_passkey_is_asked_for_before_a_code_was_shown(customer: User, key: SoftAuthenticator) -> None:
    person = Person(Client())
    assert person.client.post("/recover/passkey/begin/").status_code == 409
    person.start(customer.email)
    assert person.client.post("/recover/passkey/begin/").status_code == 409
    sent = {"way": "passkey", "ceremony": "made-up", "credential": "{}"}
    person.show("mail", steps.latest("recovery_code"))
    assert "not right" in person.client.post(person.here("/recover/show/"), sent).text
    assert steps.case_of(customer).state == State.OPEN
