"""Download my data: all of it is in the copy, nobody else's is, and only its owner gets it."""

import base64
import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client

from accounts.models import User
from ciam_portal.core import clock, held, retention
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.errors import ProveMore, Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.decision import Allow, Deny
from consent.export import facts, flows, policy, tasks
from consent.export.models import CLAIMED, MOST_TRIES
from consent.export.policy import Asking, Reason, State, Taking
from consent.models import Export, ExportPart
from tests import canaries, factories
from tests.at_once import at_once
from tests.conftest import NOON

LIMITS = limits.load()
PAGE = "/your-data/copy/"
READY = Taking(is_owner=True, state=State.READY, expires_at=NOON + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("facts", "answer"),
    [
        (Asking(is_owner=True), Allow()),
        (Asking(is_owner=True, asked_today=LIMITS.rights.exports_per_day - 1), Allow()),
        (Asking(is_owner=True, asked_today=LIMITS.rights.exports_per_day), Deny(Reason.TOO_MANY_EXPORTS)),
        (Asking(), Deny(Reason.NOT_YOURS)),
    ],
)
def test_may_ask(facts: Asking, answer: object) -> None:
    assert policy.may_ask(facts, limits=LIMITS, at=NOON) == answer


@pytest.mark.parametrize(
    ("facts", "answer"),
    [
        (READY, Allow()),
        (replace(READY, is_owner=False), Deny(Reason.NOT_YOURS)),
        (replace(READY, state=State.MAKING), Deny(Reason.NOT_READY)),
        (replace(READY, state=State.FAILED), Deny(Reason.EXPORT_OVER)),
        (replace(READY, state=State.REPLACED), Deny(Reason.EXPORT_OVER)),
        (replace(READY, expires_at=NOON), Deny(Reason.EXPORT_OVER)),
        (replace(READY, expires_at=None), Deny(Reason.EXPORT_OVER)),
        (Taking(), Deny(Reason.NOT_YOURS)),
    ],
)
def test_may_take(facts: Taking, answer: object) -> None:
    assert policy.may_take(facts, limits=LIMITS, at=NOON) == answer


def ask(client: Client) -> Export:
    """Ask on the page."""
    assert client.post(f"{PAGE}ask/").status_code == 302
    return Export.objects.latest("asked_at")


def taken(client: Client, export: Export) -> zipfile.ZipFile:
    """The file, as the browser gets it."""
    answer = client.post(f"{PAGE}{export.pk}/")
    assert answer["Content-Type"] == "application/zip"
    content = answer.getvalue()
    assert int(answer["Content-Length"]) == len(content)
    return zipfile.ZipFile(io.BytesIO(content))


def copy_of(customer: User) -> zipfile.ZipFile:
    """A copy, without its pages."""
    export = Export.objects.create(customer=customer, asked_at=clock.now(), expires_at=clock.now())
    tasks.make(export=str(export.pk))
    parts = ExportPart.objects.filter(export=export).order_by("number")
    return zipfile.ZipFile(io.BytesIO(b"".join(part.opened() for part in parts)))


def test_asked_for_made_and_taken(
    customer: User, sign_in: Callable[..., Client], outbox: Callable[[], list[Any]]
) -> None:
    client = sign_in(customer)
    assert "Ask for a copy" in client.get(PAGE).text
    export = ask(client)
    page = client.get(PAGE).text
    assert "is being made" in page
    assert 'data-look-again="5"' in page
    assert [message.kind for message in outbox()] == ["export_asked"]
    assert client.post(f"{PAGE}{export.pk}/").status_code == 403
    tasks.make(export=str(export.pk))
    page = client.get(PAGE).text
    assert "Your copy is ready" in page
    assert "data-look-again" not in page
    assert [message.kind for message in outbox()] == ["export_asked", "export_ready"]
    assert customer.email in taken(client, export).read("index.html").decode()
    told = AuditEntry.objects.filter(about=customer.pk, name__startswith="export.").order_by("at", "pk")
    assert [row.name for row in told] == ["export.asked", "export.made", "export.taken"]


def test_every_file_is_in_the_list_with_its_digest_and_its_rows(customer: User) -> None:
    copy = copy_of(customer)
    manifest = json.loads(copy.read("manifest.json"))
    assert {each["file"] for each in manifest["files"]} == set(copy.namelist()) - {"manifest.json"}
    for each in manifest["files"]:
        content = copy.read(each["file"])
        assert hashlib.sha256(content).hexdigest() == each["sha256"]
        if each["file"].startswith("data/"):
            assert len(json.loads(content)["rows"]) == each["rows"]
    said = {each["table"] for each in manifest["left_out"]}
    assert said == {model._meta.label_lower for model in held.left_out()}


def test_each_column_that_is_shown_is_in_the_copy(customer: User) -> None:
    planted = canaries.Planted(customer)
    copy, missing, looked_at = copy_of(customer), [], 0
    for table in held.shown():
        text = copy.read(f"data/{table.name}.json").decode()
        read = copy.read(f"pages/{table.name}.html").decode()
        for column in table.columns:
            value = planted.values[table.model, column.name]
            if held.names(column):
                value = planted.rows[column.related_model].name  # type: ignore[attr-defined,index]
            looked_at += 1
            for each in value if isinstance(value, list) else [value]:
                if each not in (False, None) and canaries.as_text(each) not in text:
                    missing.append((table.name, column.name, each))
                if isinstance(each, str) and "canary" in each and each not in read:
                    missing.append((table.name, column.name, "page"))
    assert not missing
    assert looked_at > 200


def test_no_secret_is_in_the_copy(customer: User) -> None:
    planted = canaries.Planted(customer)
    copy = copy_of(customer)
    text = b"".join(copy.read(name) for name in copy.namelist()).decode()
    for table in held.shown():
        for name in (*table.secrets, *table.without, "password", "key", "token", "code", "public_key"):
            value = planted.values.get((table.model, name))
            if isinstance(value, str) and "canary" in value and name not in {each.name for each in table.columns}:
                assert value not in text, (table.name, name)


def test_other_people_are_not_in_it(customer: User) -> None:
    other, agent = factories.customer("somebody.else@example.com"), factories.customer(is_staff=True)
    at = clock.now()
    for actor, kind in ((other.pk, "customer"), (agent.pk, "staff")):
        AuditEntry.objects.create(
            at=at, about=customer.pk, actor_kind=kind, actor=actor, channel="web", name="account.opened", data={}
        )
    AuditEntry.objects.create(
        at=at, about=other.pk, actor_kind="customer", actor=customer.pk, channel="web", name="account.opened", data={}
    )
    copy = copy_of(customer)
    rows = json.loads(copy.read("data/audit-auditentry.json"))["rows"]
    assert {row["actor"] for row in rows} == {"another person", "our staff"}
    text = b"".join(copy.read(name) for name in copy.namelist()).decode()
    for person in (other, agent):
        assert str(person.pk) not in text
        assert person.email not in text


class Markup(HTMLParser):
    """The tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)


def test_what_a_customer_wrote_is_no_markup_in_it(customer: User) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=y>"
    User.objects.filter(pk=customer.pk).update(name=hostile)
    copy = copy_of(customer)
    page, markup = copy.read("pages/accounts-user.html").decode(), Markup()
    markup.feed(page)
    assert not {"script", "img"} & markup.tags
    assert "&lt;script&gt;" in page
    assert "default-src 'none'" in page
    assert json.loads(copy.read("data/accounts-user.json"))["rows"][0]["name"] == hostile


def test_its_pages_have_one_style_which_is_ours_as_it_stands(customer: User) -> None:
    ours = render_to_string("consent/export/copy/style.css")
    digest = base64.b64encode(hashlib.sha256(ours.encode()).digest()).decode()
    copy = copy_of(customer)
    for name in ("index.html", "pages/accounts-user.html"):
        page = copy.read(name).decode()
        assert re.findall(r"<style>(.*?)</style>", page, re.DOTALL) == [ours], name
        assert f"content=\"default-src 'none'; style-src 'sha256-{digest}'\"" in page


def test_it_is_sealed_at_rest_and_only_in_its_place(customer: User) -> None:
    copy_of(customer)
    part = ExportPart.objects.get(number=0)
    assert customer.email not in part.sealed
    part.number = 7
    with pytest.raises(Exception, match="export:"):
        part.opened()


def test_asked_for_twice_it_is_the_same(customer: User, sign_in: Callable[..., Client]) -> None:
    client = sign_in(customer)
    assert ask(client).pk == ask(client).pk
    assert Export.objects.count() == 1


def test_a_new_one_takes_the_place_of_one_that_is_ready_until_the_day_has_had_enough(
    customer: User, sign_in: Callable[..., Client]
) -> None:
    client = sign_in(customer)
    for _ in range(LIMITS.rights.exports_per_day):
        tasks.make(export=str(ask(client).pk))
    assert client.post(f"{PAGE}ask/").status_code == 403
    assert Export.objects.filter(state=State.READY).count() == 1
    assert ExportPart.objects.values("export").distinct().count() == 1


def test_somebody_else_does_not_get_it_and_is_not_told_that_there_is_one(
    customer: User, sign_in: Callable[..., Client]
) -> None:
    export = ask(sign_in(customer))
    tasks.make(export=str(export.pk))
    stranger = sign_in(factories.customer(), on=Client())
    assert stranger.post(f"{PAGE}{export.pk}/").status_code == 404
    assert Client().post(f"{PAGE}{export.pk}/").status_code == 302


def test_its_address_opened_in_another_session_asks_to_show_who_it_is(
    customer: User, sign_in: Callable[..., Client]
) -> None:
    export = ask(sign_in(customer))
    tasks.make(export=str(export.pk))
    other = Client()
    stale = clock.now() - timedelta(seconds=LIMITS.actions["export_data"].fresh_seconds)
    session = factories.signed_in(other, customer, (Method.PASSWORD,), stale)
    assert other.get(f"{PAGE}{export.pk}/")["Location"] == PAGE
    answer = other.post(f"{PAGE}{export.pk}/")
    assert answer["Location"].startswith("/prove/")
    with pytest.raises(ProveMore):
        flows.take(export, session, by=by_of(customer), at=clock.now())
    assert Export.objects.get().taken_at is None


def by_of(customer: User, **changed: Any) -> Actor:
    """The customer in a browser."""
    return Actor(ActorKind.CUSTOMER, customer.pk, changed.pop("channel", Channel.WEB), **changed)


def test_nobody_asks_for_somebody(customer: User, client: Client) -> None:
    session = factories.signed_in(client, customer, (Method.PASSWORD,))
    delegate = factories.customer()

    for by in (
        by_of(customer, on_behalf_of=customer.pk),
        by_of(delegate, on_behalf_of=customer.pk),
        by_of(customer, channel=Channel.DELEGATED),
        by_of(customer, channel=Channel.API),
    ):
        with pytest.raises(Refused):
            flows.ask(customer, session, by=by, at=clock.now())
    assert not Export.objects.exists()


@pytest.mark.parametrize("field", ["recovered_at", "suspended_until", "locked_at"])
def test_a_restored_paused_or_locked_account_waits(customer: User, client: Client, field: str) -> None:
    session, at = factories.signed_in(client, customer, (Method.PASSWORD,)), clock.now()
    until = at + timedelta(hours=1) if field == "suspended_until" else at
    User.objects.filter(pk=customer.pk).update(**{field: until}, way_back="mailbox" if field == "locked_at" else "")
    with pytest.raises(Refused):
        flows.ask(customer, session, by=by_of(customer), at=at)
    assert not Export.objects.exists()


@pytest.fixture
def made(customer: User, sign_in: Callable[..., Client]) -> Iterator[Export]:
    """One that is being made."""
    return ask(sign_in(customer))  # type: ignore[return-value]


class Killed(BaseException):
    """As a worker ends that is killed: nothing of its own runs any more."""


def test_a_worker_that_is_killed_in_the_middle_loses_nothing(made: Export, monkeypatch: pytest.MonkeyPatch) -> None:
    real, seen = facts.read, []

    def read(table: Any, customer: Any) -> Any:
        seen.append(table)
        if len(seen) == 10:
            raise Killed
        return real(table, customer)

    monkeypatch.setattr(facts, "read", read)
    with pytest.raises(Killed):
        tasks.make(export=str(made.pk))
    made.refresh_from_db()
    assert (made.state, made.done) == (State.MAKING, 9)
    tasks.make(export=str(made.pk))  # somebody is at it, for all that is known
    assert len(seen) == 10
    Export.objects.update(claimed_until=clock.now() - timedelta(seconds=1))
    monkeypatch.setattr(facts, "read", real)
    assert tasks.sweep() == 1
    tasks.make(export=str(made.pk))
    made.refresh_from_db()
    assert (made.state, made.attempts) == (State.READY, 2)
    assert sum(len(part.opened()) for part in made.parts.all()) == made.size


def test_a_worker_that_comes_back_late_spoils_nothing(made: Export) -> None:
    late = flows.begin(made.pk, clock.now())
    assert late is not None
    Export.objects.update(claimed_until=clock.now())
    tasks.make(export=str(made.pk))
    assert not late.progress(clock.now())
    with pytest.raises(Refused):
        flows.finish(late, 1, 1, by=Actor.system(), at=clock.now())
    made.refresh_from_db()
    assert made.size > 1


def test_one_that_fails_again_and_again_is_given_up_and_its_owner_told(
    made: Export, monkeypatch: pytest.MonkeyPatch, outbox: Callable[[], list[Any]], sign_in: Callable[..., Client]
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(facts, "read", broken)
    for _ in range(MOST_TRIES):
        with pytest.raises(RuntimeError):
            tasks.make(export=str(made.pk))
        Export.objects.update(claimed_until=clock.now())
    tasks.make(export=str(made.pk))
    made.refresh_from_db()
    assert made.state == State.FAILED
    assert outbox()[-1].kind == "export_failed"
    assert "could not be made" in sign_in(made.customer).get(PAGE).text


def test_it_is_deleted_when_its_time_is_over(made: Export, sign_in: Callable[..., Client]) -> None:
    tasks.make(export=str(made.pk))
    made.refresh_from_db()
    days = timedelta(days=LIMITS.rights.export_days)
    assert made.ready_at is not None
    assert made.expires_at == made.ready_at + days
    retention.forget(made.expires_at, 5)
    assert Export.objects.exists()
    retention.forget(made.expires_at + timedelta(seconds=1), 5)
    assert not ExportPart.objects.exists()
    assert not Export.objects.exists()
    assert sign_in(made.customer).post(f"{PAGE}{made.pk}/").status_code == 404


def test_a_change_that_is_taken_back_takes_the_copies_asked_for_since(made: Export, noon: datetime) -> None:
    tasks.make(export=str(made.pk))
    assert flows.drop_since(made.customer_id, made.asked_at + timedelta(seconds=1), by=Actor.system(), at=noon) == 0
    assert flows.drop_since(made.customer_id, made.asked_at, by=Actor.system(), at=noon) == 1
    assert not ExportPart.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("unlocked_audit")
def test_two_at_once_are_one(client: Client) -> None:
    customer = factories.customer()
    session, at = factories.signed_in(client, customer, (Method.PASSWORD,)), clock.now()
    answers = at_once(*[lambda: flows.ask(customer, session, by=by_of(customer), at=at).pk] * 2)
    assert len(set(answers)) == 1
    assert Export.objects.count() == 1
    assert timedelta(0) < CLAIMED
