"""Customers are brought in: proposed, approved, resumed after a kill, and signed in with what they had."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_otp.oath import TOTP

from accounts.account import flows as account
from accounts.customer import addresses
from accounts.models import BrokenLine, Move, Totp, User
from accounts.moving import lines, policy
from accounts.moving.flows import bring, files, two_people, unseen
from accounts.moving.shapes import Direction, State
from accounts.passwords.shapes import FOREIGN
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.errors import ProveMore, Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.roles import Role
from consent.models import ConsentRecord
from tests import factories
from tests.accounts.moving.file import digest, person, written
from tests.accounts.staff.people import Member
from tests.factories import PASSWORD, Message

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()
Outbox = Callable[[], list[Message]]


@pytest.fixture(autouse=True)
def _no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ciam_portal.core.clock.fill", lambda *_: None)


@pytest.fixture
def mona(db: None) -> Member:
    return Member(Role.ADMINISTRATOR)


def run(path: Path, *more: str) -> None:
    call_command("import_customers", str(path), *more)


def approve(who: Member) -> Move:
    move = Move.objects.get(state=State.PROPOSED)
    two_people.approve(move, who.user, who.session, by=who.by, at=clock.now())
    return move


def imported(path: Path, who: Member) -> Move:
    run(path)
    move = approve(who)
    run(path)
    move.refresh_from_db()
    return move


def sign_in(client: Client, email: str = "p1@example.com", password: str = PASSWORD) -> Any:
    client.defaults["HTTP_USER_AGENT"] = factories.FIREFOX
    return client.post("/sign-in/", {"login": email, "password": password})


def test_a_dry_run_reports_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], customer: User
) -> None:
    path = written(tmp_path, person(), person(2, email=customer.email), person(3, phone="1"), person(1, hash=digest()))
    run(path, "--dry-run")
    said = capsys.readouterr()
    assert "customers: 1" in said.out
    assert "broken: address_taken: 2" in said.out
    assert said.err.splitlines() == ["line 3: address_taken", "line 4: phone", "line 5: address_taken"]
    assert "example.com" not in said.out + said.err
    assert (Move.objects.count(), User.objects.filter(imported_at__isnull=False).count()) == (0, 0)


def test_one_person_brings_nobody_and_two_do(tmp_path: Path, mona: Member) -> None:
    path = written(tmp_path, person(), person(2))
    run(path)
    run(path)  # not approved yet: it reports again, and there is still one proposal
    assert Move.objects.get().counts["customers"] == 2
    assert not User.objects.filter(email="p1@example.com").exists()
    approve(mona)
    run(path)
    assert User.objects.filter(imported_at__isnull=False).count() == 2
    move = Move.objects.get()
    assert (move.state, move.customers, move.broken) == (State.DONE, 2, 0)
    names = AuditEntry.objects.filter(name__startswith="moving.").values_list("name", flat=True)
    assert sorted(names) == [
        "moving.approved", "moving.ended", "moving.imported", "moving.imported", "moving.proposed"
    ]  # fmt: skip


def test_another_file_is_not_what_was_approved(tmp_path: Path, mona: Member) -> None:
    path = written(tmp_path, person())
    run(path)
    move = approve(mona)
    run(written(tmp_path, person(), person(2)))  # proposed by itself
    assert User.objects.filter(imported_at__isnull=False).count() == 0
    with path.open("rb") as file, pytest.raises(Refused) as caught:
        files.bring_in(move, files.File(file, bytes, print), by=SYSTEM)
    assert caught.value.reason == policy.Reason.OTHER_FILE


def test_who_is_no_administrator_approves_nothing_and_a_no_stops_it(tmp_path: Path, mona: Member) -> None:
    run(written(tmp_path, person()))
    move, agent = Move.objects.get(), Member(Role.AGENT)
    with pytest.raises(Refused):
        two_people.approve(move, agent.user, agent.session, by=agent.by, at=clock.now())
    with time_machine.travel(clock.now() + timedelta(minutes=11)), pytest.raises(ProveMore):
        two_people.approve(move, mona.user, mona.session, by=mona.by, at=clock.now())
    approve(mona)
    two_people.reject(move, mona.user, mona.session, by=mona.by, at=clock.now())
    run(written(tmp_path, person()))
    assert sorted(Move.objects.values_list("state", flat=True)) == [State.PROPOSED, State.REJECTED]


def test_nobody_but_the_command_proposes(mona: Member) -> None:
    with pytest.raises(Refused):
        two_people.propose(Direction.BRING, "0" * 64, {}, by=mona.by, at=clock.now())


def test_a_proposal_that_ran_out_of_time_is_made_again(tmp_path: Path, mona: Member) -> None:
    path = written(tmp_path, person())
    run(path)
    with time_machine.travel(clock.now() + timedelta(hours=limits.current().moving.proposal_hours)):
        run(path)
    assert sorted(Move.objects.values_list("state", flat=True)) == [State.PROPOSED, State.REJECTED]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "BATCH", 2)


def killed(path: Path, move: Move, after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The import dies in the transaction of this batch, after everything was written."""
    went, count = Move.went, iter(range(100))

    def dies(self: Move, **how: int) -> None:
        went(self, **how)
        if next(count) == after:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Move, "went", dies)
        with pytest.raises(KeyboardInterrupt):
            run(path)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("after", [0, 1, 2])
def test_killed_it_goes_on_with_nobody_twice_and_nobody_lost(
    tmp_path: Path, mona: Member, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    said = [person(number) if number != 3 else "{" for number in range(7)]
    path = written(tmp_path, *said)
    run(path)
    move = approve(mona)
    killed(path, move, after, monkeypatch)
    assert User.objects.filter(imported_at__isnull=False).count() < 6
    run(path)
    move.refresh_from_db()
    assert (move.state, move.customers, move.broken, move.line) == (State.DONE, 6, 1, 8)
    assert AuditEntry.objects.filter(name="moving.imported").count() == 6
    assert list(BrokenLine.objects.values_list("line", "wrong")) == [(5, "no_json")]


@pytest.mark.usefixtures("small")
def test_two_runs_at_once_do_not_bring_anybody_twice(tmp_path: Path, mona: Member) -> None:
    path = written(tmp_path, *(person(number) for number in range(4)))
    run(path)
    move = approve(mona)
    with path.open("rb") as file:
        found = files.File(file, bytes, print)
        reader = found.reader(lambda *_: b"", clock.now())
        batch = next(lines.batches(file, reader, line=1))
        bring.take(move, found.sha256, batch, by=SYSTEM, at=clock.now())
        with pytest.raises(bring.Elsewhere):
            bring.take(move, found.sha256, batch, by=SYSTEM, at=clock.now())
    run(path)
    assert Move.objects.get().customers == 4


def test_one_in_a_hundred_broken_and_the_rest_is_there(tmp_path: Path, mona: Member) -> None:
    said = [person(number) if number % 100 else person(number, phone="1") for number in range(1, 301)]
    move = imported(written(tmp_path, *said), mona)
    assert (move.customers, move.broken) == (297, 3)
    assert list(move.broken_lines.values_list("line", flat=True)) == [101, 201, 301]


def test_the_old_password_opens_once_and_is_ours_then(
    tmp_path: Path, mona: Member, client: Client, outbox: Outbox
) -> None:
    imported(written(tmp_path, person(since="2019-01-01T00:00:00Z", name="Ada")), mona)
    assert outbox() == []  # nobody who is brought gets a message
    assert sign_in(client, password="not the right password at all").status_code == 200
    assert User.objects.get(email="p1@example.com").password.startswith(FOREIGN)
    answer = sign_in(client)  # a browser that is new, as all of theirs are here: asked for more, not refused
    assert answer["Location"] == "/sign-in/prove/"
    customer = User.objects.get(email="p1@example.com")
    assert customer.password.startswith("argon2$")
    assert factories.pass_challenge(client)["Location"] == "/"
    assert "Ada" in client.get("/profile/").text
    assert customer.created_at.year == 2019


def test_without_a_date_they_are_new_here_and_come_in_all_the_same(
    tmp_path: Path, mona: Member, client: Client
) -> None:
    imported(written(tmp_path, person(hash=digest())), mona)
    assert sign_in(client)["Location"] == "/sign-in/prove/"
    assert factories.pass_challenge(client)["Location"] == "/"


def test_their_other_sessions_go_on_when_the_hash_is_replaced(tmp_path: Path, mona: Member, client: Client) -> None:
    imported(written(tmp_path, person()), mona)
    customer = User.objects.get(email="p1@example.com")
    other = Client()
    factories.signed_in(other, customer, (Method.PASSWORD,))
    sign_in(client)
    customer.refresh_from_db()
    assert customer.password.startswith("argon2$")
    assert other.get("/profile/").status_code == 200


def test_an_app_from_elsewhere_is_the_second_step_and_its_seed_is_sealed(
    tmp_path: Path, mona: Member, client: Client
) -> None:
    imported(written(tmp_path, person(totp="GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")), mona)
    customer = User.objects.get(email="p1@example.com")
    kept = Totp.objects.get(user=customer)
    assert kept.bin_key == b"12345678901234567890"
    assert "GEZDGNBV" not in kept.key
    assert sign_in(client)["Location"] == "/sign-in/prove/"
    code = f"{TOTP(b'12345678901234567890', 30, 0, 6).token():06}"
    assert client.post("/sign-in/prove/", {"way": "totp", "code": code})["Location"] == "/"


def test_an_address_that_nobody_has_confirmed_is_confirmed_at_the_first_sign_in(
    tmp_path: Path, mona: Member, client: Client, outbox: Outbox
) -> None:
    imported(written(tmp_path, person(email_proven=False)), mona)
    customer = User.objects.get(email="p1@example.com")
    sign_in(client)
    link = outbox()[-1].words["link"]
    opened = client.get("/" + link.split("/", 3)[3], follow=True)
    client.post(opened.redirect_chain[-1][0])
    assert addresses.is_proven(customer)
    assert client.get("/profile/").status_code == 200


def test_a_stranger_voids_nothing_of_what_waits_for_its_owner(
    tmp_path: Path, mona: Member, client: Client, outbox: Outbox
) -> None:
    imported(written(tmp_path, person(email_proven=False)), mona)
    before = User.objects.get(email="p1@example.com").password
    assert account.open_account("p1@example.com", "a password of somebody else's", by=SYSTEM, at=clock.now()) is None
    assert User.objects.get(email="p1@example.com").password == before
    account.clear("p1@example.com", by=SYSTEM, at=clock.now())
    with time_machine.travel(clock.now() + timedelta(days=300)):
        assert account.remove_never_proven(10, by=SYSTEM, at=clock.now()) == 0
    assert User.objects.filter(email="p1@example.com").exists()


def test_a_no_counts_and_a_yes_is_asked_again(tmp_path: Path, mona: Member) -> None:
    said = {"research": "no", "newsletter": "yes", "nothing_of_ours": "no", "contact_by_email": "no"}
    imported(written(tmp_path, person(consents=said)), mona)
    customer = User.objects.get(email="p1@example.com")
    stands = dict(ConsentRecord.objects.of(customer.pk).values_list("purpose", "state"))
    assert "given" not in stands.values()
    assert not {"newsletter", "nothing_of_ours"} & stands.keys()
    entry = AuditEntry.objects.get(name="moving.imported")
    assert entry.data["asked"] == ["newsletter"]
    assert "p1@" not in json.dumps(entry.data)


def test_a_password_with_which_nobody_came_for_a_year_opens_nothing(
    tmp_path: Path, mona: Member, client: Client, outbox: Outbox
) -> None:
    imported(written(tmp_path, person(), person(2)), mona)
    sign_in(client, "p2@example.com")
    now = clock.now()
    assert unseen.end_unseen(10, by=SYSTEM, at=now + timedelta(days=364)) == 0
    assert unseen.end_unseen(10, by=SYSTEM, at=now + timedelta(days=366)) == 1
    assert not User.objects.get(email="p1@example.com").has_usable_password()
    assert User.objects.get(email="p2@example.com").has_usable_password()
    assert (outbox()[-1].kind, outbox()[-1].to) == ("old_password_ended", "p1@example.com")


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    found: list[float] = []
    monkeypatch.setattr("ciam_portal.core.clock.fill", lambda _began, seconds: found.append(seconds))
    return found


@pytest.mark.control("v5.0.0-6.3.8")
def test_every_failure_takes_the_same_while_there_are_hashes_from_elsewhere(
    tmp_path: Path, mona: Member, client: Client, customer: User, waits: list[float]
) -> None:
    def failures() -> list[int]:
        counted = []
        for email in ("p1@example.com", "nobody@example.com", customer.email):
            with CaptureQueriesContext(connection) as caught:
                sign_in(client, email, "not the right password at all")
            counted.append(len(caught))
        return counted

    sign_in(client, customer.email, "not the right password at all")
    assert waits == []
    imported(written(tmp_path, person()), mona)
    counted = failures()
    assert waits == [limits.current().moving.failure_milliseconds / 1000] * 3
    assert counted[0] == counted[2]  # as of an account that has always been here


def test_staff_see_counts_and_decide(tmp_path: Path, mona: Member) -> None:
    run(written(tmp_path, person(), "{"))
    move = Move.objects.get()
    page = mona.client.get(f"/staff/accounts/move/{move.pk}/change/").text
    assert move.sha256 in page
    assert "broken: no_json: 1" in page
    mona.client.post(f"/staff/accounts/move/{move.pk}/decide/", {"do": "approve"})
    move.refresh_from_db()
    assert (move.state, move.approved_by) == (State.APPROVED, mona.pk)


def test_a_file_that_cannot_be_read_is_an_error_of_the_command(tmp_path: Path) -> None:
    for path in (tmp_path / "none.jsonl", written(tmp_path, first={"customers": 2})):
        with pytest.raises(CommandError):
            run(path)
