"""Passkeys, with an authenticator in software that lies where it is asked to."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.test import Client, RequestFactory

from accounts.factors import bound, flows
from accounts.factors import verifier as factors
from accounts.factors.policy import Reason
from accounts.factors.verifier import Answer, Ceremony
from accounts.models import Passkey, Session, User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.errors import ProveMore, Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Level, Method
from ciam_portal.core.sessions import SessionStore
from tests import factories
from tests.accounts.factors.soft_authenticator import SoftAuthenticator
from tests.factories import Message

pytestmark = pytest.mark.django_db
Outbox = Callable[[], list[Message]]


@pytest.fixture
def request_() -> HttpRequest:
    return new_request()


def new_request() -> HttpRequest:
    request = RequestFactory().post("/")
    session: SessionBase = SessionStore()
    request.session = session
    return request


@pytest.fixture
def session(customer: User) -> Session:
    return factories.signed_in(Client(), customer, (Method.PASSWORD,))


def answer_to_add(request: HttpRequest, customer: User, key: SoftAuthenticator) -> Answer:
    begun = factors.begin_adding(request, customer)
    sent = {"ceremony": begun["ceremony"], "credential": key.create(begun["options"])}
    answer = factors.take_answer(request, sent, Ceremony.ADD, customer)
    assert answer is not None
    return answer


def answer_to_show(request: HttpRequest, customer: User | None, key: SoftAuthenticator) -> Answer:
    begun = factors.begin_showing(request, Ceremony.PROVE, customer)
    sent = {"ceremony": begun["ceremony"], "credential": key.get(begun["options"])}
    answer = factors.take_answer(request, sent, Ceremony.PROVE, customer)
    assert answer is not None
    return answer


def add(customer: User, session: Session, key: SoftAuthenticator, by: Actor, name: str = "Laptop") -> Passkey | None:
    return flows.add_passkey(
        customer, session, answer_to_add(new_request(), customer, key), name, by=by, at=clock.now()
    )


@pytest.fixture
def key(customer: User, session: Session, by: Actor) -> SoftAuthenticator:
    """A passkey of the customer."""
    made = SoftAuthenticator()
    assert add(customer, session, made, by) is not None
    return made


def show(customer: User | None, key: SoftAuthenticator, by: Actor) -> Passkey | None:
    return flows.answer_with_passkey(customer, answer_to_show(new_request(), customer, key), by=by, at=clock.now())


def test_a_passkey_is_bound_raises_the_session_and_is_told(
    customer: User, session: Session, key: SoftAuthenticator, outbox: Outbox
) -> None:
    passkey = Passkey.objects.get(user=customer)
    assert (passkey.name, passkey.user_verified_at_creation, passkey.confirmed) == ("Laptop", True, True)
    session.refresh_from_db()
    assert (session.level, session.methods) == (Level.PHR, ["password", "passkey"])
    assert bound.highest_level(customer) is Level.PHR
    (mail,) = outbox()
    assert (mail.kind, mail.words["what"]) == ("factor_added", "the passkey “Laptop”")


def test_the_browser_is_asked_for_pin_or_biometrics_and_a_passkey_that_is_found_without_a_name(
    request_: HttpRequest, customer: User
) -> None:
    made = factors.begin_adding(request_, customer)["options"]
    assert made["authenticatorSelection"]["userVerification"] == "required"
    assert made["authenticatorSelection"]["residentKey"] == "required"
    shown = factors.begin_showing(request_, Ceremony.SIGN_IN, None)["options"]
    assert shown["userVerification"] == "required"
    assert shown["allowCredentials"] == []


def test_a_right_passkey_proves_its_owner_with_and_without_a_name(
    customer: User, key: SoftAuthenticator, by: Actor
) -> None:
    for asked in (customer, None):
        passkey = show(asked, key, by)
        assert passkey is not None
        assert passkey.user == customer
    assert Passkey.objects.get().sign_count == 2


@pytest.mark.control("63B 3.2.5.2", "63B 3.1.7.2")
@pytest.mark.parametrize(
    "lie",
    [
        {"origin": "https://portal.example"},
        {"origin": f"{settings.PUBLIC_URL}.evil.example"},
        {"rp_id": "evil.example"},
        {"verifies": False},
        {"cross_origin": True},
    ],
    ids=str,
)
def test_a_lie_neither_binds_nor_proves(
    customer: User, session: Session, key: SoftAuthenticator, by: Actor, lie: dict[str, Any]
) -> None:
    assert add(customer, session, SoftAuthenticator(**lie), by) is None
    for name, value in lie.items():
        setattr(key, name, value)
    assert show(customer, key, by) is None
    assert show(None, key, by) is None
    assert Passkey.objects.get().sign_count == 0


def test_a_wrong_signature_proves_nothing(customer: User, key: SoftAuthenticator, by: Actor) -> None:
    key.key = SoftAuthenticator().key
    assert show(customer, key, by) is None
    assert AuditEntry.objects.filter(name="factor.failed").exists()


@pytest.mark.control("v5.0.0-6.7.2")
def test_a_challenge_is_spent_by_its_first_answer(customer: User, key: SoftAuthenticator) -> None:
    request = new_request()
    begun = factors.begin_showing(request, Ceremony.PROVE, customer)
    sent = {"ceremony": begun["ceremony"], "credential": key.get(begun["options"])}
    assert factors.take_answer(request, sent, Ceremony.PROVE, customer) is not None
    assert factors.take_answer(request, sent, Ceremony.PROVE, customer) is None


@pytest.mark.control("v5.0.0-6.6.2")
def test_a_challenge_serves_only_its_browser_its_purpose_and_its_customer(customer: User) -> None:
    def begun(request: HttpRequest) -> dict[str, str]:
        return {"ceremony": factors.begin_showing(request, Ceremony.PROVE, customer)["ceremony"], "credential": "{}"}

    request = new_request()
    assert factors.take_answer(new_request(), begun(request), Ceremony.PROVE, customer) is None
    assert factors.take_answer(request, begun(request), Ceremony.SIGN_IN, customer) is None
    assert factors.take_answer(request, begun(request), Ceremony.PROVE, None) is None
    assert factors.take_answer(request, begun(request), Ceremony.PROVE, factories.customer()) is None
    assert factors.take_answer(request, begun(request), Ceremony.PROVE, customer) is not None
    assert factors.take_answer(request, {"ceremony": "x", "credential": "{}"}, Ceremony.PROVE, customer) is None


def test_an_answer_to_another_challenge_proves_nothing(customer: User, key: SoftAuthenticator, by: Actor) -> None:
    request = new_request()
    old = answer_to_show(request, customer, key)
    new = answer_to_show(request, customer, key)
    mixed = Answer(request, new.state, old.text)
    assert flows.answer_with_passkey(customer, mixed, by=by, at=clock.now()) is None


def test_a_counter_that_goes_back_is_refused_recorded_and_told(
    customer: User, key: SoftAuthenticator, by: Actor, outbox: Outbox
) -> None:
    key.counter = 10
    assert show(customer, key, by) is not None
    key.counter = 5
    assert show(customer, key, by) is None
    key.counter, key.step = 11, 0
    assert show(customer, key, by) is None
    key.counter = 0  # a copy that does not count at all
    assert show(customer, key, by) is None
    first = AuditEntry.objects.filter(name="factor.counter_went_back").order_by("at")[0]
    assert (first.data["known"], first.data["shown"]) == (11, 6)
    assert outbox()[-1].kind == "factor_passkey_refused"
    assert Passkey.objects.get().sign_count == 11


def test_a_forged_old_counter_raises_no_alarm(customer: User, key: SoftAuthenticator, by: Actor) -> None:
    key.counter = 10
    show(customer, key, by)
    key.counter, key.key = 3, SoftAuthenticator().key
    assert show(customer, key, by) is None
    assert not AuditEntry.objects.filter(name="factor.counter_went_back").exists()


def test_an_authenticator_that_does_not_count_is_welcome(customer: User, session: Session, by: Actor) -> None:
    silent = SoftAuthenticator(step=0)
    add(customer, session, silent, by)
    assert show(customer, silent, by) is not None
    assert show(customer, silent, by) is not None


def test_a_passkey_of_somebody_else_proves_nothing_about_me(key: SoftAuthenticator, by: Actor) -> None:
    assert show(factories.customer(), key, by) is None


def test_a_passkey_that_names_another_account_is_refused(customer: User, key: SoftAuthenticator, by: Actor) -> None:
    key.handle = b"x" * 64
    assert show(None, key, by) is None
    assert show(customer, key, by) is None
    key.handle = None
    assert show(None, key, by) is None
    assert show(customer, key, by) is not None


def test_the_same_passkey_is_bound_once(customer: User, session: Session, key: SoftAuthenticator, by: Actor) -> None:
    with pytest.raises(Refused) as refused:
        add(customer, session, key, by)
    assert refused.value.reason is Reason.KNOWN_PASSKEY
    stranger = factories.customer()
    theirs = factories.signed_in(Client(), stranger, (Method.PASSWORD,))
    with pytest.raises(Refused):
        add(stranger, theirs, key, by)
    assert Passkey.objects.count() == 1


def test_there_is_room_for_so_many_passkeys(customer: User, session: Session, by: Actor) -> None:
    for number in range(limits.current().factors.passkeys):
        assert add(customer, session, SoftAuthenticator(), by, f"Key {number}") is not None
        session.refresh_from_db()
    with pytest.raises(Refused) as refused:
        add(customer, session, SoftAuthenticator(), by)
    assert refused.value.reason is Reason.TOO_MANY_PASSKEYS


@pytest.mark.control("63B 4.1.2.1/b")
def test_a_password_session_binds_no_passkey_to_an_account_with_one(
    customer: User, key: SoftAuthenticator, by: Actor
) -> None:
    weak = factories.signed_in(Client(), customer, (Method.PASSWORD,))
    with pytest.raises(ProveMore) as asked:
        add(customer, weak, SoftAuthenticator(), by)
    assert asked.value.to is Level.PHR


def test_removing_the_last_passkey_leaves_a_password_session(
    customer: User, session: Session, key: SoftAuthenticator, by: Actor, outbox: Outbox
) -> None:
    session.refresh_from_db()
    alone = factories.signed_in(Client(), customer, (Method.PASSKEY,))
    flows.remove_passkey(customer, session, Passkey.objects.get(), by=by, at=clock.now())
    session.refresh_from_db()
    alone.refresh_from_db()
    assert (session.level, session.methods, session.ended_at) == (Level.AAL1, ["password"], None)
    assert alone.end_reason == "credentials_changed"
    assert show(None, key, by) is None
    assert outbox()[-1].words["last"] is True


def test_removing_one_of_two_passkeys_keeps_this_session_strong(
    customer: User, session: Session, key: SoftAuthenticator, by: Actor
) -> None:
    session.refresh_from_db()
    add(customer, session, SoftAuthenticator(), by, "Phone")
    session.refresh_from_db()
    flows.remove_passkey(customer, session, Passkey.objects.get(name="Phone"), by=by, at=clock.now())
    session.refresh_from_db()
    assert session.level == Level.PHR


def test_nonsense_is_wrong_and_never_a_fault(
    customer: User, session: Session, key: SoftAuthenticator, by: Actor
) -> None:
    dice = random.Random(7)
    request = new_request()
    made = answer_to_add(request, customer, SoftAuthenticator())
    shown = answer_to_show(request, customer, key)
    for text in ("", "[]", "null", "{", '"x"', "[" * 50_000, '{"id": 1}', "\\u0000", '{"response": []}'):
        assert flows.answer_with_passkey(customer, Answer(request, shown.state, text), by=by, at=clock.now()) is None
    for _ in range(150):
        for answer in (made, shown):
            bent = Answer(request, answer.state, _bend(answer.text, dice))
            if answer is made:
                flows.add_passkey(customer, session, bent, "x", by=by, at=clock.now())
                session.refresh_from_db()
                Passkey.objects.filter(name="x").delete()
            else:
                flows.answer_with_passkey(None, bent, by=by, at=clock.now())


def _bend(text: str, dice: random.Random) -> str:
    message = json.loads(text)
    part = dice.choice([message, message["response"]])
    name = dice.choice(sorted(part))
    value = part[name]
    if isinstance(value, str) and dice.random() < 0.7:
        at = dice.randrange(len(value)) if value else 0
        part[name] = value[:at] + dice.choice(["", "A", "_", "\x00", "é", "===="]) + value[at + dice.randrange(3) :]
    else:
        part[name] = dice.choice([None, 1, [], {}, "", True, ["x"], "\x00"])
    message["clientExtensionResults"] = dice.choice(
        [{}, [], "credProps", {"credProps": "rk"}, {"credProps": {"rk": 1}}]
    )
    return json.dumps(message)
