"""The same proof given twice at the same moment, on a real database: one request wins."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django_otp.oath import totp as code_at

from accounts.factors import flows
from accounts.factors import verifier as factors
from accounts.factors.verifier import Answer, Ceremony, Outcome
from accounts.models import Passkey, User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.sessions import SessionStore
from tests import at_once as together
from tests import factories
from tests.accounts.factors.soft_authenticator import SoftAuthenticator
from tests.at_once import in_turn

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("unlocked_audit")]
_MANY = 6


def at_once(do: Callable[[int], object]) -> list[object]:
    """What ``do`` returns, or the refusal it raises, in so many threads that start together."""
    return together.at_once(*(partial(do, number) for number in range(_MANY)))


@pytest.fixture
def owner() -> User:
    return factories.customer()


@pytest.fixture
def actor(owner: User) -> Actor:
    return Actor(ActorKind.CUSTOMER, owner.pk, Channel.WEB)


@pytest.fixture
def seed(owner: User) -> bytes:
    made = factors.new_seed()
    bound = clock.now() - timedelta(minutes=1)
    assert factors.add_app(owner, made, f"{code_at(made, t0=60):06d}", bound)
    return made


def new_request() -> HttpRequest:
    request = RequestFactory().post("/")
    request.session = SessionStore()
    return request


@pytest.mark.control("v5.0.0-2.3.4", "v5.0.0-6.5.1")
def test_a_backup_code_is_spent_once(owner: User, seed: bytes, actor: Actor) -> None:
    code = factors.make_backup_codes(owner, clock.now())[0]
    answers = at_once(lambda _: flows.answer_with_backup_code(owner, code, by=actor, at=clock.now()).outcome)
    assert sorted(map(str, answers)) == [Outcome.RIGHT] + [Outcome.WRONG] * (_MANY - 1)


@pytest.mark.control("v5.0.0-2.3.4", "63B 3.1.4.2/once")
def test_an_app_code_is_spent_once(owner: User, seed: bytes, actor: Actor) -> None:
    step = clock.now().timestamp() // 30
    answers = at_once(
        lambda _: flows.answer_with_app(owner, f"{code_at(seed):06d}", "a session", by=actor, at=clock.now()).outcome
    )
    # A run that falls on the border of two steps has two right codes.
    assert answers.count(Outcome.RIGHT) == 1 or clock.now().timestamp() // 30 > step


@pytest.mark.control("v5.0.0-2.3.4", "v5.0.0-6.7.2")
def test_a_challenge_is_answered_once(owner: User) -> None:
    request = new_request()
    begun = factors.begin_showing(request, Ceremony.PROVE, owner)
    sent = {"ceremony": begun["ceremony"], "credential": "{}"}
    answers = at_once(lambda _: factors.take_answer(request, sent, Ceremony.PROVE, owner) is not None)
    assert answers.count(True) == 1


def bound_passkey(owner: User, actor: Actor) -> SoftAuthenticator:
    key, request = SoftAuthenticator(), new_request()
    begun = factors.begin_adding(request, owner)
    sent = {"ceremony": begun["ceremony"], "credential": key.create(begun["options"])}
    answer = factors.take_answer(request, sent, Ceremony.ADD, owner)
    assert answer is not None
    session = factories.signed_in(Client(), owner, (Method.PASSWORD,))
    assert flows.add_passkey(owner, session, answer, "Laptop", by=actor, at=clock.now())
    return key


def copies(owner: User, actor: Actor, count: int) -> list[Answer]:
    """What copies of one passkey would show: every challenge is another, every counter the same."""
    key, request, answers = bound_passkey(owner, actor), new_request(), []
    for _ in range(count):
        key.counter = 0
        begun = factors.begin_showing(request, Ceremony.PROVE, owner)
        sent = {"ceremony": begun["ceremony"], "credential": key.get(begun["options"])}
        answer = factors.take_answer(request, sent, Ceremony.PROVE, owner)
        assert answer is not None
        answers.append(answer)
    return answers


def test_one_counter_value_of_a_passkey_is_accepted_once(owner: User, actor: Actor) -> None:
    answers = copies(owner, actor, _MANY)

    def show(number: int) -> bool:
        return is_right(owner, answers[number], actor)

    assert at_once(show).count(True) == 1


def is_right(owner: User, shown: Answer, actor: Actor) -> bool:
    return flows.answer_with_passkey(owner, shown, by=actor, at=clock.now()) is not None


def twice(what: str, owner: User, actor: Actor, seed: bytes) -> list[Callable[[], bool]]:
    """Two uses of the same proof."""
    by, at = actor, clock.now()
    if what == "passkey":
        return [partial(is_right, owner, shown, actor) for shown in copies(owner, actor, 2)]
    if what == "app code":
        code = f"{code_at(seed):06d}"
        return [lambda: flows.answer_with_app(owner, code, "a session", by=by, at=at).outcome is Outcome.RIGHT] * 2
    spare = factors.make_backup_codes(owner, at)[0]
    return [lambda: flows.answer_with_backup_code(owner, spare, by=by, at=at).outcome is Outcome.RIGHT] * 2


@pytest.mark.control("v5.0.0-2.3.4", "v5.0.0-6.5.1")
@pytest.mark.parametrize("what", ["backup code", "app code", "passkey"])
def test_a_second_use_waits_for_the_first_and_finds_it_spent(
    owner: User, actor: Actor, request: pytest.FixtureRequest, what: str
) -> None:
    seed = b"" if what == "passkey" else request.getfixturevalue("seed")
    step = clock.now().timestamp() // 30
    answers = in_turn(*twice(what, owner, actor, seed))
    assert answers == [True, False] or clock.now().timestamp() // 30 > step  # (a border of two steps)


def test_the_limit_of_passkeys_holds_when_many_are_added_at_once(owner: User, actor: Actor) -> None:
    running = limits.current()
    session = factories.signed_in(Client(), owner, (Method.PASSWORD,))
    made = []
    for _ in range(_MANY):
        key, request = SoftAuthenticator(), new_request()
        begun = factors.begin_adding(request, owner)
        sent = {"ceremony": begun["ceremony"], "credential": key.create(begun["options"])}
        made.append(factors.take_answer(request, sent, Ceremony.ADD, owner))

    def add(number: int) -> object:
        answer = made[number]
        assert answer is not None
        return flows.add_passkey(owner, session, answer, "Key", by=actor, at=clock.now()) is not None

    limits.install(replace(running, factors=replace(running.factors, passkeys=2)))
    try:
        answers = at_once(add)
    finally:
        limits.install(running)
    assert 1 <= answers.count(True) <= 2  # once there is one, the session that has not shown it is asked for it
    assert Passkey.objects.filter(user=owner).count() == answers.count(True)


def test_a_second_app_is_not_bound_by_a_double_submit(owner: User, actor: Actor) -> None:
    session = factories.signed_in(Client(), owner, (Method.PASSWORD,))
    seed, at = factors.new_seed(), datetime.now(UTC)
    code = f"{code_at(seed, t0=int(clock.now().timestamp() - at.timestamp())):06d}"
    answers = at_once(lambda _: flows.add_app(owner, session, seed, code, by=actor, at=at))
    assert answers.count(True) == 1
