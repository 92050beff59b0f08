"""Deleting an account on the real database: asked for, kept by every way, carried out, stopped halfway, raced."""

from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from io import StringIO
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import pytest
import time_machine
from django.contrib import admin
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.account import flows as account
from accounts.activity.flows import disown
from accounts.lock.flows import locks
from accounts.models import Restriction, Session, User
from accounts.restrictions.policy import RestrictionKind
from ciam_portal.core import clock, erasing
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.errors import OnHold, Refused
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.policy.assurance import Method
from ciam_portal.governance import recompute
from consent.erasure import flows, tasks
from consent.erasure.policy import Reason
from consent.models import Consent, Deletion
from recovery.models import Case
from tests import factories
from tests.at_once import at_once
from tests.oauth.walk import Walk
from tests.signals.receiver import Receiver, kinds

pytestmark = pytest.mark.django_db
DAYS = 14


def asked(customer: User, client: Client | None = None) -> Deletion:
    session = factories.signed_in(client or Client(), customer, (Method.PASSWORD, Method.EMAIL_CODE))
    by = Actor(ActorKind.CUSTOMER, customer.pk, Channel.WEB, session.pk)
    return flows.ask(customer, session, by=by, at=clock.now())


def keep_link() -> str:
    link = next(mail.words["keep_link"] for mail in reversed(factories.outbox()) if "keep_link" in mail.words)
    return "/" + str(link).split("/", 3)[3]


def names(customer: UUID) -> list[str]:
    return list(AuditEntry.objects.filter(about=customer).order_by("at", "pk").values_list("name", flat=True))


def later(days: float) -> Any:
    return time_machine.travel(clock.now() + timedelta(days=days), tick=False)


def is_gone(customer: User) -> bool:
    return not User.objects.filter(pk=customer.pk).exists()


# --- asked for


def test_it_is_asked_for_read_first_and_everything_ends_but_nothing_is_lost(walk: Walk, customer: User) -> None:
    tokens = walk.tokens("openid email offline_access")
    page = walk.browser.get("/delete-account/")
    assert "Shop" in page.text
    assert "You have 14 days" in page.text
    done = walk.browser.post("/delete-account/")
    assert done.status_code == HTTPStatus.OK, done.headers
    assert "Your account will be deleted" in done.text
    customer.refresh_from_db()
    assert customer.erase_at == Deletion.objects.get().due_at
    assert not customer.stands
    assert not Session.objects.filter(customer=customer, ended_at=None).exists()
    assert walk.userinfo(tokens["access_token"]).status_code == HTTPStatus.UNAUTHORIZED
    assert walk.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert Consent.objects.live().filter(customer=customer).count() == 1
    assert {mail.kind for mail in factories.outbox()} >= {"deletion_asked"}


def test_it_takes_the_strongest_proof_lately(sign_in: Callable[..., Client], customer: User) -> None:
    with time_machine.travel(clock.now() - timedelta(minutes=10)):
        browser = sign_in(customer)
    answer = browser.post("/delete-account/")
    assert answer.status_code == HTTPStatus.FOUND
    assert answer["Location"].startswith("/prove/")
    assert not Deletion.objects.exists()


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"is_staff": True}, Reason.STAFF_ACCOUNT), ({"is_recovering": True}, Reason.RECOVERING)],
)
def test_staff_and_whoever_is_being_recovered_cannot(customer: User, change: dict[str, bool], reason: Reason) -> None:
    User.objects.filter(pk=customer.pk).update(**change)
    with pytest.raises(Refused) as refused:
        asked(customer)
    assert refused.value.reason == reason


def test_after_a_recovery_it_waits_for_the_quarantine(customer: User) -> None:
    User.objects.filter(pk=customer.pk).update(recovered_at=clock.now())
    with pytest.raises(OnHold):
        asked(customer)


# --- kept


def test_signing_in_leads_to_the_one_page_and_its_button_keeps_it(
    sign_in: Callable[..., Client], walk: Walk, customer: User
) -> None:
    walk.tokens()
    asked(customer)
    browser = sign_in(customer, on=walk.browser)
    for path in ("/", "/profile/", "/connected-apps/", "/security/", "/delete-account/"):
        assert browser.get(path)["Location"] == "/delete-account/waits/", path
    assert walk.ask()["Location"] == "/delete-account/waits/"
    assert "error=interaction_required" in walk.ask(prompt="none")["Location"]
    assert "Keep my account" in browser.get("/delete-account/waits/").text
    assert browser.get("/help/").status_code == HTTPStatus.OK
    assert browser.post("/delete-account/keep/")["Location"] == "/"
    assert browser.post("/delete-account/keep/")["Location"] == "/"  # pressed twice
    assert browser.get("/").status_code == HTTPStatus.OK
    assert browser.get("/delete-account/waits/")["Location"] == "/"
    assert names(customer.pk).count("erasure.kept") == 1
    assert walk.redeem(walk.code()).status_code == HTTPStatus.OK  # the connection is as it was


def test_the_link_in_each_message_keeps_it_once_and_signs_nobody_in(customer: User) -> None:
    asked(customer)
    first, stranger = keep_link(), Client()
    with later(DAYS - 2):
        assert tasks.sweep() == 0
        assert tasks.sweep() == 0
        assert [mail.kind for mail in factories.outbox()].count("deletion_soon") == 1
        second = keep_link()
        assert first != second
        page = stranger.get(second, follow=True)
        assert stranger.get(first, follow=True).status_code == HTTPStatus.OK
        done = stranger.post(page.request["PATH_INFO"] + "?" + page.request["QUERY_STRING"], {"do": "keep"})
        assert "Your account is kept" in done.text
        for link in (first, second):
            assert stranger.get(link, follow=True).status_code == HTTPStatus.GONE
        assert stranger.get("/profile/").status_code == HTTPStatus.FOUND
    customer.refresh_from_db()
    assert customer.stands
    with later(DAYS + 1):
        tasks.sweep()
    assert not is_gone(customer)


def by_link(customer: User) -> None:
    stranger = Client()
    page = stranger.get(keep_link(), follow=True)
    stranger.post(page.request["PATH_INFO"] + "?" + page.request["QUERY_STRING"], {"do": "lock"})


def by_lock(customer: User) -> None:
    locks.lock(customer, by=Actor.system(), at=clock.now())


def by_disowning(customer: User) -> None:
    session = Session.objects.get(pk__in=[Deletion.objects.get().session])
    disown.disown(customer, session, None, by=Actor.system(), at=clock.now())


@pytest.mark.parametrize("verb", [by_link, by_lock, by_disowning])
def test_whoever_says_that_it_was_somebody_else_keeps_it(customer: User, verb: Callable[[User], None]) -> None:
    asked(customer)
    verb(customer)
    customer.refresh_from_db()
    assert customer.erase_at is None
    assert Deletion.objects.get().kept_at is not None
    assert (customer.locked_at is None) is (verb is by_disowning)


# --- what it waits for


@pytest.mark.parametrize("why", ["held", "recovering", "suspended", "restored"])
def test_it_waits_for_what_stands_in_its_way(customer: User, why: str) -> None:
    asked(customer)
    with later(DAYS):
        at = clock.now()
        match why:
            case "held":
                hold(customer, at)
            case "recovering":
                Case.objects.create(customer=customer, state="open", opened_at=at)
            case "suspended":
                User.objects.filter(pk=customer.pk).update(suspended_until=at + timedelta(days=1))
            case "restored":
                User.objects.filter(pk=customer.pk).update(recovered_at=at)
        seen = AuditEntry.objects.count()
        tasks.sweep()
        assert not is_gone(customer)
        assert AuditEntry.objects.count() == seen  # no refusal each minute
        with pytest.raises(OnHold):
            flows.begin(Deletion.objects.get(), by=Actor.system(), at=at)


def hold(customer: User, at: datetime) -> Restriction:
    return Restriction.objects.create(
        customer=customer, kind=RestrictionKind.LEGAL_HOLD, reason="legal_claim", starts_at=at,
        until=at + timedelta(days=30), made_by=UUID(int=1), review_due_at=at + timedelta(days=1),
    )  # fmt: skip


def test_a_legal_hold_is_read_by_its_customer_and_ends_unless_somebody_reviews_it(
    sign_in: Callable[..., Client], customer: User
) -> None:
    hold(customer, clock.now())
    asked(customer)
    with later(0.5):
        assert "because it is needed in a legal matter" in sign_in(customer).get("/delete-account/waits/").text
    with later(DAYS + 1):
        tasks.sweep()
    assert is_gone(customer)


def test_after_a_restore_those_that_were_erased_are_erased_again_and_nobody_else(
    customer: User, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked(customer)
    with later(DAYS):
        call_command("erase", "--due")
    capsys.readouterr()
    call_command("erase")
    gone = tmp_path / "gone"
    gone.write_text(capsys.readouterr().out)
    Deletion.objects.all().delete()
    back, other = factories.customer(pk=customer.pk), factories.customer()
    call_command("erase", "--again", str(gone))
    assert is_gone(back)
    assert not is_gone(other)
    gone.write_text(gone.read_text().replace(str(back.pk), str(other.pk)))
    with pytest.raises(CommandError, match="was not erased here"):
        call_command("erase", "--again", str(gone))


# --- carried out


def test_when_it_is_due_everything_goes_and_partners_hear_of_it(sign_in: Callable[..., Client], customer: User) -> None:
    receiver = Receiver(sign_in(customer))
    receiver.create()
    tokens = receiver.tokens("openid email offline_access")
    receiver.wants(customer)
    asked(customer)
    told = kinds(receiver.takes())
    assert "account-disabled" in told
    with later(DAYS):
        tasks.sweep()
        assert is_gone(customer)
        receiver._token = ""
        assert kinds(receiver.takes()) == ["account-purged"]
        # Like one that was revoked: nobody learns from it whether there was such a person.
        assert receiver.introspect(tokens["access_token"]) == {"active": False}
        unknown = receiver.refresh("x" * 43)
        gone = receiver.refresh(tokens["refresh_token"])
        assert (gone.status_code, gone.json()) == (unknown.status_code, unknown.json())
    assert {"erasure.began", "erasure.done"} <= set(names(customer.pk))
    assert [mail.kind for mail in factories.outbox()] == ["account_erased"]
    assert Deletion.objects.get().rows > 5


def test_the_address_is_free_and_whoever_has_it_next_is_another_person(customer: User) -> None:
    asked(customer)
    with later(DAYS):
        tasks.sweep()
        again = account.open_account(customer.email, "nine doors of a slow river", by=Actor.system(), at=clock.now())
    assert again is not None
    assert again.pk != customer.pk
    assert names(again.pk) == ["account.opened"]


def test_what_was_decided_about_somebody_erased_still_recomputes(customer: User) -> None:
    asked(customer)
    with later(DAYS):
        tasks.sweep()
    rows = list(DecisionEntry.objects.filter(about=customer.pk))
    assert {row.question for row in rows} >= {"erasure.may_ask", "erasure.may_begin", "gate.decide"}
    for row in rows:
        assert recompute.recompute(row) == ()
    said = StringIO()
    call_command("decision", str(rows[0].pk), stdout=said)
    assert "(erased since)" in said.getvalue()


def test_what_the_audit_keeps_of_an_address_means_nothing_without_its_account(client: Client, customer: User) -> None:
    """The digest of what was typed is made with a key on the account's own row: two accounts, two digests."""
    for _ in range(2):
        client.post("/sign-in/", {"login": customer.email, "password": "wrong horse battery staple"})
    other = factories.customer()
    client.post("/sign-in/", {"login": other.email, "password": "wrong horse battery staple"})
    User.objects.filter(pk=other.pk).update(evidence_key=UUID(int=7))
    client.post("/sign-in/", {"login": other.email, "password": "wrong horse battery staple"})

    def buckets(of: User) -> list[str]:
        rows = AuditEntry.objects.filter(name="sign_in.failed", about=of.pk)
        return [row.data["bucket"] for row in rows]

    assert len(set(buckets(customer))) == 1
    assert len(set(buckets(other))) == 2


@pytest.mark.parametrize("batch", [1, 3])
def test_killed_anywhere_it_is_gone_on_with(customer: User, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    monkeypatch.setattr(erasing, "BATCH", batch)
    asked(customer)
    at, by = clock.now() + timedelta(days=DAYS), Actor.system()
    deletion = Deletion.objects.get()
    flows.begin(deletion, by=by, at=at)
    number, real = 0, erasing.some

    def dies(root: Any, person: UUID) -> int:
        nonlocal number
        number += 1
        gone = real(root, person)
        if number % 2:
            raise KeyboardInterrupt
        return gone

    monkeypatch.setattr(erasing, "some", dies)
    for _ in range(200):
        try:
            with transaction.atomic():
                if flows.go_on(deletion, by=by, at=at, seconds=0):
                    break
        except KeyboardInterrupt:
            continue
    assert is_gone(customer)
    assert flows.go_on(deletion, by=by, at=at, seconds=0)  # once more does nothing
    assert names(customer.pk).count("erasure.done") == 1
    assert Notice.objects.filter(kind="account_erased").count() == 1


def test_those_that_wait_or_fail_hold_nobody_else_up(
    customer: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(tasks, "_BATCH", 2)
    held = [factories.customer(f"held{number}@example.com") for number in range(3)]
    stuck = factories.customer("stuck@example.com")
    for number, person in enumerate((*held, stuck, customer)):
        person.leaves(clock.now())
        due = clock.now() - timedelta(minutes=9 - number)
        Deletion.objects.create(customer=person.pk, asked_at=due - timedelta(days=DAYS), due_at=due)
    for person in held:
        hold(person, clock.now())
    real = erasing.some

    def fails(root: Any, person: UUID) -> int:
        if person == stuck.pk:
            raise IntegrityError
        return real(root, person)

    monkeypatch.setattr(erasing, "some", fails)
    tasks.sweep()
    assert is_gone(customer)
    assert not is_gone(stuck)
    assert User.objects.filter(pk__in=[person.pk for person in held]).count() == 3
    assert "could not go on" in caplog.text


def test_nobody_comes_in_once_it_has_begun(client: Client, customer: User) -> None:
    asked(customer)
    flows.begin(Deletion.objects.get(), by=Actor.system(), at=clock.now() + timedelta(days=DAYS))
    answer = client.post("/sign-in/", {"login": customer.email, "password": factories.PASSWORD})
    assert answer.status_code == HTTPStatus.OK
    assert not Session.objects.filter(customer=customer, ended_at=None).exists()
    assert client.get(keep_link(), follow=True).status_code == HTTPStatus.GONE


def test_no_page_of_the_staff_site_deletes_anybody() -> None:
    """Not even for a superuser: there is no way past the flow."""

    class Anybody:
        is_active = is_staff = is_superuser = is_authenticated = True

        @staticmethod
        def has_perm(*_: Any) -> bool:
            return True

    class Request:
        user = Anybody()
        GET: ClassVar[dict[str, str]] = {}

    for model, page in admin.site._registry.items():
        assert not page.has_delete_permission(Request()), model  # type: ignore[arg-type]
        assert "delete_selected" not in dict(page.get_actions(Request())), model  # type: ignore[arg-type]


# --- at once


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("unlocked_audit")
class TestAtOnce:
    """On connections of their own."""

    def test_asked_for_twice_it_is_asked_for_once(self, customer: User) -> None:
        sessions = [factories.signed_in(Client(), customer, (Method.PASSWORD, Method.EMAIL_CODE)) for _ in range(2)]
        by, at = Actor(ActorKind.CUSTOMER, customer.pk, Channel.WEB), clock.now()
        answers = at_once(*(lambda session=each: flows.ask(customer, session, by=by, at=at) for each in sessions))
        assert sum(isinstance(each, Deletion) for each in answers) == 1
        assert Deletion.objects.count() == 1

    def test_kept_and_begun_at_once_either_is_whole(self, customer: User) -> None:
        deletion = asked(customer)
        at, by = clock.now() + timedelta(days=DAYS), Actor.system()
        at_once(
            lambda: flows.keep(customer, by=by, at=at),
            lambda: flows.begin(deletion, by=by, at=at),
            tasks.sweep,
        )
        deletion.refresh_from_db()
        customer.refresh_from_db()
        assert (deletion.kept_at is None) is not (deletion.began_at is None)
        assert customer.is_active is (deletion.kept_at is not None)
        assert (customer.erase_at is None) is customer.is_active
