"""Authenticator app and backup codes: bound, answered with, removed; what is kept, recorded and told."""

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha1, sha256
from typing import Any

import pytest
import time_machine
from django.test import Client
from django_otp.oath import totp as code_at

from accounts.factors import bound, flows
from accounts.factors import verifier as factors
from accounts.factors.policy import Reason
from accounts.factors.verifier import Outcome
from accounts.models import BackupCode, Session, Totp, User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.errors import ProveMore, Refused
from ciam_portal.core.policy.assurance import Level, Method
from tests import factories
from tests.factories import Message

pytestmark = pytest.mark.django_db
NOON = datetime.fromisoformat("2026-03-01T12:00:05+00:00")
Outbox = Callable[[], list[Message]]
DOOR = "a session"


def code_of(seed: bytes, at: datetime) -> str:
    return f"{code_at(seed, t0=int(clock.now().timestamp() - at.timestamp())):06d}"


@pytest.fixture
def session(customer: User) -> Session:
    return factories.signed_in(Client(), customer, (Method.PASSWORD,))


@pytest.fixture
def seed(customer: User) -> bytes:
    """The seed of an app that is bound since a minute."""
    made = factors.new_seed()
    before = clock.now() - timedelta(minutes=1)
    assert factors.add_app(customer, made, code_of(made, before), before)
    return made


@pytest.fixture(autouse=True)
def _at_noon() -> Any:
    with time_machine.travel(NOON, tick=False):
        yield


def names() -> list[str]:
    return list(AuditEntry.objects.order_by("at", "pk").values_list("name", flat=True))


@pytest.mark.control("63B 4.1.2.1/c", "v5.0.0-6.3.7")
def test_adding_an_app_seals_its_seed_raises_the_session_and_tells(
    customer: User, session: Session, by: Actor, outbox: Outbox
) -> None:
    made = factors.new_seed()
    assert flows.add_app(customer, session, made, code_of(made, NOON), by=by, at=NOON)
    app = Totp.objects.get(user=customer)
    assert made.hex() not in app.key
    assert app.bin_key == made
    assert (app.digits, app.step, app.tolerance, app.drift, app.confirmed) == (6, 30, 1, 0, True)
    session.refresh_from_db()
    assert (session.level, session.methods) == (Level.AAL2, ["password", "totp"])
    assert {"factor.added", "session.stepped_up"} <= set(names())
    assert [(mail.kind, mail.to) for mail in outbox()] == [("factor_added", customer.email)]


def test_a_wrong_first_code_adds_nothing(customer: User, session: Session, by: Actor, outbox: Outbox) -> None:
    made = factors.new_seed()
    before = code_of(made, NOON - timedelta(seconds=60))
    assert not flows.add_app(customer, session, made, before, by=by, at=NOON)
    assert not Totp.objects.exists()
    assert outbox() == []
    assert "factor.failed" in names()
    assert "factor.added" not in names()


@pytest.mark.control("63B 4.1.2.1/b")
def test_nothing_is_added_or_removed_with_less_than_the_highest_fresh_proof(
    customer: User, session: Session, by: Actor, seed: bytes
) -> None:
    for verb in (flows.remove_app, flows.make_backup_codes):
        with pytest.raises(ProveMore) as asked:
            verb(customer, session, by=by, at=NOON)
        assert asked.value.to is Level.AAL2
    assert Totp.objects.filter(user=customer).exists()
    late = NOON + timedelta(minutes=11)
    strong = factories.signed_in(Client(), customer, (Method.PASSWORD, Method.TOTP))
    with pytest.raises(ProveMore):
        flows.remove_app(customer, strong, by=by, at=late)


def test_a_second_app_is_refused(customer: User, by: Actor, seed: bytes) -> None:
    strong = factories.signed_in(Client(), customer, (Method.PASSWORD, Method.TOTP))
    with pytest.raises(Refused) as refused:
        flows.add_app(customer, strong, factors.new_seed(), "000000", by=by, at=NOON)
    assert refused.value.reason is Reason.ONE_APP


@pytest.mark.control("v5.0.0-6.5.1", "63B 3.1.4.2/once")
def test_a_code_works_once_whichever_session_it_is_used_in(customer: User, by: Actor, seed: bytes) -> None:
    code = code_of(seed, NOON)
    assert flows.answer_with_app(customer, code, DOOR, by=by, at=NOON).outcome is Outcome.RIGHT
    assert flows.answer_with_app(customer, code, DOOR, by=by, at=NOON).outcome is Outcome.WRONG


@pytest.mark.control("v5.0.0-6.5.1", "63B 3.1.4.2/once")
def test_the_code_that_bound_the_app_does_not_prove_anything_else(customer: User, session: Session, by: Actor) -> None:
    made = factors.new_seed()
    code = code_of(made, NOON)
    assert flows.add_app(customer, session, made, code, by=by, at=NOON)
    assert flows.answer_with_app(customer, code, DOOR, by=by, at=NOON).outcome is Outcome.WRONG


@pytest.mark.control("v5.0.0-6.5.5", "63B 3.1.4.2/life")
@pytest.mark.parametrize(
    ("seconds", "outcome"), [(-30, Outcome.RIGHT), (30, Outcome.RIGHT), (-60, Outcome.WRONG), (60, Outcome.WRONG)]
)
def test_one_step_of_drift_counts_and_no_more(
    customer: User, by: Actor, seed: bytes, seconds: int, outcome: Outcome
) -> None:
    code = code_of(seed, NOON + timedelta(seconds=seconds))
    assert flows.answer_with_app(customer, code, DOOR, by=by, at=NOON).outcome is outcome


def test_the_drift_of_a_device_is_learned_and_no_code_works_twice(customer: User, by: Actor, seed: bytes) -> None:
    """A clock that goes further wrong, half a minute at a time, is followed; the codes that a right one shows end."""
    with time_machine.travel(NOON, tick=False) as travel:
        for late in (30, 60, 90):
            code = code_of(seed, clock.now() - timedelta(seconds=late))
            outcomes = [flows.answer_with_app(customer, code, DOOR, by=by, at=clock.now()).outcome for _ in range(2)]
            assert outcomes == [Outcome.RIGHT, Outcome.WRONG], late
            travel.shift(timedelta(hours=1))
        assert Totp.objects.get(user=customer).drift == -3
        now = flows.answer_with_app(customer, code_of(seed, clock.now()), DOOR, by=by, at=clock.now())
        assert now.outcome is Outcome.WRONG


def test_an_older_code_than_the_last_one_is_a_replay(customer: User, by: Actor, seed: bytes) -> None:
    newer, older = code_of(seed, NOON), code_of(seed, NOON - timedelta(seconds=30))
    assert flows.answer_with_app(customer, newer, DOOR, by=by, at=NOON).outcome is Outcome.RIGHT
    assert flows.answer_with_app(customer, older, DOOR, by=by, at=NOON).outcome is Outcome.WRONG


@pytest.mark.parametrize("typed", ["１２３４５６", "+12345", "12345", "1234567", "12 456", "0x1234", ""])
def test_anything_but_six_ascii_digits_is_wrong(customer: User, by: Actor, seed: bytes, typed: str) -> None:
    assert flows.answer_with_app(customer, typed, DOOR, by=by, at=NOON).outcome is Outcome.WRONG


@pytest.mark.control("63B 3.2.2/a")
def test_wrong_codes_make_the_next_one_wait_longer_and_longer(customer: User, by: Actor, seed: bytes) -> None:
    waits = []
    with time_machine.travel(NOON, tick=False) as travel:
        for _ in range(5):
            checked = flows.answer_with_app(customer, "000000", DOOR, by=by, at=clock.now())
            assert checked.outcome is Outcome.WRONG
            waits.append(factors.seconds_until(checked.until, clock.now()))
            early = flows.answer_with_app(customer, code_of(seed, clock.now()), DOOR, by=by, at=clock.now())
            assert early.outcome is Outcome.WAIT
            travel.shift(timedelta(seconds=waits[-1] + 30))
        assert waits == [1, 2, 4, 8, 16]
        assert (
            flows.answer_with_app(customer, code_of(seed, clock.now()), DOOR, by=by, at=clock.now()).outcome
            is Outcome.RIGHT
        )
    assert Totp.objects.get(user=customer).throttling_failure_count == 0


@pytest.mark.control("63B 3.2.2/a")
def test_after_a_hundred_wrong_codes_the_app_is_dead(customer: User, by: Actor, seed: bytes) -> None:
    Totp.objects.update(throttling_failure_count=100, throttling_failure_timestamp=NOON - timedelta(days=40_000))
    assert flows.answer_with_app(customer, code_of(seed, NOON), DOOR, by=by, at=NOON).outcome is Outcome.DEAD


def test_a_seed_moved_to_another_customer_opens_nothing(by: Actor, seed: bytes) -> None:
    thief = factories.customer()
    Totp.objects.update(user=thief)
    assert flows.answer_with_app(thief, code_of(seed, NOON), DOOR, by=by, at=NOON).outcome is Outcome.DEAD


def test_a_customer_without_an_app_gets_no_app_code_right(customer: User, by: Actor) -> None:
    assert flows.answer_with_app(customer, "123456", DOOR, by=by, at=NOON).outcome is Outcome.WRONG


@pytest.fixture
def made(customer: User, by: Actor, seed: bytes) -> list[str]:
    strong = factories.signed_in(Client(), customer, (Method.PASSWORD, Method.TOTP))
    return flows.make_backup_codes(customer, strong, by=by, at=NOON)


@pytest.mark.control("63B 4.2.1.1/a", "63B 4.2.1.1/c", "v5.0.0-6.5.2")
def test_backup_codes_are_ten_of_80_bits_and_only_digests_are_kept(customer: User, made: list[str]) -> None:
    assert len(set(made)) == 10
    assert all(len(code.replace("-", "")) == 16 for code in made)
    digests = list(BackupCode.objects.filter(customer=customer).values_list("digest", flat=True))
    assert len(set(digests)) == 10
    plain = [code.replace("-", "") for code in made]
    assert not any(code.lower()[:8] in digest.lower() for code in [*made, *plain] for digest in digests)
    unkeyed = {kind(f"{customer.pk}:{code}".encode()).hexdigest() for code in plain for kind in (sha1, sha256)}
    assert not unkeyed & set(digests)


@pytest.mark.control("63B 4.2.1.1/c")
def test_without_the_key_no_backup_code_can_be_checked(
    customer: User, by: Actor, made: list[str], settings: Any
) -> None:
    settings.DATA_KEYS = [b"another key of thirty-two bytes."]
    assert flows.answer_with_backup_code(customer, made[0], by=by, at=NOON).outcome is Outcome.WRONG


@pytest.mark.control("v5.0.0-6.5.1", "63B 3.1.2.2/once")
def test_a_backup_code_works_once_however_it_is_typed(
    customer: User, by: Actor, made: list[str], outbox: Outbox
) -> None:
    spaced, dashed = made[3].replace("-", " "), made[4].replace("-", "\N{EN DASH}")
    spellings = (made[0], made[1].lower(), made[2].replace("-", ""), f" {spaced} ", dashed)
    for spent, typed in enumerate(spellings, start=1):
        checked = flows.answer_with_backup_code(customer, typed, by=by, at=NOON)
        assert (checked.outcome, checked.left) == (Outcome.RIGHT, 10 - spent)
        assert flows.answer_with_backup_code(customer, typed, by=by, at=NOON).outcome is Outcome.WRONG
    told = [mail for mail in outbox() if mail.kind == "factor_backup_code_used"]
    assert len(told) == 5
    assert not any(mail.words["few"] for mail in told)


def test_the_customer_hears_when_few_backup_codes_are_left(
    customer: User, by: Actor, made: list[str], outbox: Outbox
) -> None:
    for code in made[:7]:
        flows.answer_with_backup_code(customer, code, by=by, at=NOON)
    told = [mail.words for mail in outbox() if mail.kind == "factor_backup_code_used"]
    assert {words["left"]: words["few"] for words in told} == {9 - n: n > 5 for n in range(7)}


def test_new_backup_codes_replace_the_old_ones(customer: User, by: Actor, made: list[str]) -> None:
    strong = factories.signed_in(Client(), customer, (Method.PASSWORD, Method.TOTP))
    newer = flows.make_backup_codes(customer, strong, by=by, at=NOON)
    assert flows.answer_with_backup_code(customer, made[0], by=by, at=NOON).outcome is Outcome.WRONG
    assert flows.answer_with_backup_code(customer, newer[0], by=by, at=NOON).outcome is Outcome.RIGHT


def test_a_backup_code_of_somebody_else_is_wrong(by: Actor, made: list[str]) -> None:
    other = factories.customer()
    own = factors.new_seed()
    factors.add_app(other, own, code_of(own, NOON), NOON)
    assert flows.answer_with_backup_code(other, made[0], by=by, at=NOON).outcome is Outcome.WRONG


def test_backup_codes_need_another_factor_first(customer: User, session: Session, by: Actor) -> None:
    with pytest.raises(Refused) as refused:
        flows.make_backup_codes(customer, session, by=by, at=NOON)
    assert refused.value.reason is Reason.NEEDS_A_FACTOR


def test_backup_codes_left_without_another_factor_are_wrong(customer: User, by: Actor, made: list[str]) -> None:
    Totp.objects.filter(user=customer).delete()
    assert flows.answer_with_backup_code(customer, made[0], by=by, at=NOON).outcome is Outcome.WRONG


@pytest.mark.control("v5.0.0-6.5.6", "v5.0.0-7.4.3")
def test_removing_the_app_takes_backup_codes_and_the_other_sessions_that_rest_on_it(
    customer: User, by: Actor, made: list[str], outbox: Outbox
) -> None:
    here = factories.signed_in(Client(), customer, (Method.PASSWORD, Method.TOTP))
    there = factories.signed_in(Client(), customer, (Method.PASSWORD, Method.TOTP))
    weak = factories.signed_in(Client(), customer, (Method.PASSWORD,))
    flows.remove_app(customer, here, by=by, at=NOON)
    for session in (here, there, weak):
        session.refresh_from_db()
    assert (here.ended_at, here.level, here.methods) == (None, Level.AAL1, ["password"])
    assert (there.ended_at, weak.ended_at) == (NOON, None)
    assert bound.second_factors(customer) == frozenset()
    assert not BackupCode.objects.filter(customer=customer).exists()
    (told,) = [mail for mail in outbox() if mail.kind == "factor_removed"]
    assert (told.to, told.words["last"]) == (customer.email, True)
    entry = AuditEntry.objects.get(name="factor.removed")
    assert entry.data["last"] is True
    with pytest.raises(Refused) as refused:
        flows.remove_app(customer, here, by=by, at=NOON)
    assert refused.value.reason is Reason.NOT_THERE


def test_neither_codes_nor_seeds_are_in_the_audit(customer: User, by: Actor, seed: bytes, made: list[str]) -> None:
    code = code_of(seed, NOON)
    flows.answer_with_app(customer, code, DOOR, by=by, at=NOON)
    flows.answer_with_backup_code(customer, made[0], by=by, at=NOON)
    kept = " ".join(str(entry.data) for entry in AuditEntry.objects.all())
    assert not any(secret in kept for secret in (code, made[0], made[0].replace("-", ""), seed.hex(), customer.email))


def test_what_a_customer_has_costs_one_query(
    customer: User, seed: bytes, made: list[str], django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        assert bound.second_factors(customer) == {Method.TOTP, Method.BACKUP_CODE}
    with django_assert_num_queries(1):
        assert bound.highest_level(customer) is Level.AAL2
    with django_assert_num_queries(3):
        assert bound.listed(customer).codes_left == 10


def test_the_picture_and_the_key_carry_the_same_seed(customer: User) -> None:
    made = factors.new_seed()
    assert factors.seed_as_picture(made, customer).startswith("data:image/svg+xml")
    assert len(factors.seed_in_groups(made).replace(" ", "")) == 32


@pytest.mark.parametrize(
    ("methods", "words"),
    [
        ((Method.PASSWORD,), "You signed in with one step."),
        ((Method.PASSWORD, Method.TOTP), "You signed in with two steps."),
        ((Method.PASSKEY,), "You signed in with a passkey"),
    ],
)
def test_the_security_page_says_what_this_session_has_proven(
    sign_in: Callable[..., Client], customer: User, methods: tuple[Method, ...], words: str
) -> None:
    assert words in sign_in(customer, *methods).get("/security/").text
