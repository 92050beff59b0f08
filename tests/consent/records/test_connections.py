"""Connections say what they hold, by purpose: for exactly the app, its scopes, and the texts that were read."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import User
from ciam_portal.core import clock, timeline
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.models import AuditEntry
from consent.models import Consent, ConsentEvent, ConsentRecord
from consent.purposes import facts as purposes
from consent.records import flows, settle, tasks
from consent.records.policy import State
from tests.consent.records.world import edited, retired, rewritten
from tests.oauth.conftest import walk
from tests.oauth.walk import Walk, answer, register

pytestmark = pytest.mark.django_db
__all__ = ["walk"]  # a fixture
OFFLINE = "openid profile email offline_access"


def held() -> dict[str, tuple[str, list[str]]]:
    return {each.purpose: (each.state, each.scopes) for each in ConsentRecord.objects.all()}


def test_the_page_speaks_of_purposes_and_what_is_refused_is_not_given(walk: Walk) -> None:
    page = walk.ask("openid profile email")
    assert "So that an app that you connect can reach you." in page.text
    assert "It ends by itself after 2 years" in page.text
    tokens = walk.redeem(answer(walk.decide(page, scope=["profile"]))["code"]).json()
    assert tokens["scope"] == "openid profile"
    assert held() == {
        "sign_in": (State.GIVEN, ["openid"]),
        "profile": (State.GIVEN, ["profile"]),
        "contact_details": (State.REFUSED, []),
    }
    assert answer(walk.ask("openid profile email"))["code"]  # nobody is nagged
    rewritten("contact_details")
    assert walk.ask("openid profile email").status_code == 200


def test_each_change_of_a_connection_is_said(walk: Walk) -> None:
    walk.tokens("openid profile email phone")
    consent = Consent.objects.get()
    walk.browser.post(f"/connected-apps/{consent.pk}/", {"keep": ["profile", "email"]})
    assert held()["contact_details"] == (State.GIVEN, ["email"])
    assert walk.browser.post(f"/privacy-choices/contact_details/{consent.pk}/").status_code == 302
    assert held()["contact_details"][0] == State.WITHDRAWN
    consent.refresh_from_db()
    assert consent.scopes == ["openid", "profile"]
    again = walk.browser.post(f"/privacy-choices/contact_details/{consent.pk}/", follow=True)  # in another tab
    assert "no longer sees that" in again.text
    assert walk.browser.post(f"/privacy-choices/unknown/{consent.pk}/").status_code == 404
    assert walk.browser.post(f"/privacy-choices/sign_in/{consent.pk}/").status_code == 403  # what the app needs
    call_command("consents", "verify", stdout=StringIO())
    walk.browser.post(f"/connected-apps/{consent.pk}/withdraw/")
    assert {state for state, _ in held().values()} == {State.WITHDRAWN}
    assert [each.number for each in ConsentEvent.objects.order_by("number")] == [1, 2, 3, 4, 5, 6, 7]
    call_command("consents", "verify", stdout=StringIO())


@pytest.mark.parametrize("how", ["rewritten", "retired", "time"])
def test_what_no_longer_counts_gives_nothing_and_the_token_says_so(walk: Walk, how: str) -> None:
    tokens = walk.tokens(OFFLINE)
    assert "email" in walk.userinfo(tokens["access_token"]).json()
    later = clock.now()
    if how == "rewritten":
        rewritten("contact_details")
    elif how == "retired":
        retired("contact_details")
    else:
        ConsentRecord.objects.filter(purpose="contact_details").update(expires_at=later)
    assert "email" not in walk.userinfo(tokens["access_token"]).json()
    assert walk.introspect(tokens["access_token"])["scope"] == "openid profile offline_access"
    assert walk.refresh(tokens["refresh_token"]).json()["scope"] == "openid profile offline_access"
    page = walk.ask(OFFLINE)
    if how == "retired":
        assert answer(page)["code"]
        return
    assert page.status_code == 200
    assert page.text.count(" checked") == 2  # nothing that does not count is ticked
    assert walk.redeem(answer(walk.decide(page))["code"]).json()["scope"] == OFFLINE


def test_the_sweep_takes_out_what_ended_and_it_is_asked_anew(walk: Walk) -> None:
    walk.tokens("openid email")
    with time_machine.travel(clock.now() + timedelta(days=731)):
        assert tasks.expire() == 1
        assert held()["contact_details"] == (State.EXPIRED, ["email"])
        consent = Consent.objects.get()
        assert (consent.scopes, consent.declined) == (["openid"], [])
        assert tasks.expire() == 0


@pytest.mark.control("GDPR 7(1)")
def test_what_is_edited_gives_nothing_and_is_all_as_before_when_it_is_put_back(walk: Walk) -> None:
    tokens = walk.tokens(OFFLINE)
    before, said = held(), ConsentEvent.objects.count()
    with edited("contact_details"):
        assert "email" not in walk.userinfo(tokens["access_token"]).json()
        assert tasks.expire() == 0
        assert (held(), ConsentEvent.objects.count()) == (before, said)
        # Time and answers go on meanwhile, and take nothing of it along.
        ConsentRecord.objects.filter(purpose="profile").update(expires_at=clock.now())
        assert tasks.expire() == 1
        assert answer(walk.decide(walk.ask("openid profile")))["code"]
        assert held()["contact_details"] == before["contact_details"]
        with time_machine.travel(clock.now() + timedelta(days=800)):
            tasks.expire()
        assert held()["contact_details"] == before["contact_details"]
    assert "email" in walk.userinfo(tokens["access_token"]).json()
    call_command("consents", "verify", stdout=StringIO())


def test_what_is_taken_back_of_an_edited_purpose_is_taken_back(walk: Walk) -> None:
    walk.tokens("openid email")
    with edited("contact_details"):
        consent = Consent.objects.get()
        assert walk.browser.post(f"/privacy-choices/contact_details/{consent.pk}/").status_code == 302
    assert held()["contact_details"][0] == State.WITHDRAWN


def test_a_yes_that_covers_nothing_ends_and_holds_nobody_up(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "_BATCH", 1)
    walk.tokens("openid email")
    Consent.objects.update(scopes=["openid"])
    mails, at = ConsentRecord.objects.filter(purpose="contact_details"), clock.now()
    mails.update(expires_at=at - timedelta(days=1), scopes=[])
    other = Walk(*register("Other"), walk.browser)
    other.tokens("openid email")
    mails.filter(recipient=other.partner).update(expires_at=at)
    assert [tasks.expire() for _ in range(3)] == [1, 1, 0]
    assert set(mails.values_list("state", flat=True)) == {State.EXPIRED}
    assert {tuple(each.scopes) for each in Consent.objects.all()} == {("openid",)}


def test_what_is_said_of_several_at_once_is_told_of_each(walk: Walk, customer: User) -> None:
    walk.tokens("openid email")
    by, at = Actor(ActorKind.CUSTOMER, customer.pk, Channel.WEB), clock.now()
    before = ConsentEvent.objects.count()
    flows.pause(customer, tuple(purposes.active(at)), by=by, at=at)
    told = {row.data["partner"]: row.data for row in AuditEntry.objects.filter(name="choice.recorded", at=at)}
    assert told.keys() == {None, str(walk.partner.pk)}
    for partner, said in told.items():
        made = ConsentEvent.objects.filter(recipient=partner, number__gt=before).order_by("number")
        assert said["events"] == [str(each.pk) for each in made]
        assert said["first"] == made[0].number
    assert timeline.TOLD["choice.recorded"](told[None])


def test_a_text_that_changes_while_it_is_read_is_not_agreed_to(walk: Walk) -> None:
    page = walk.ask("openid email")
    rewritten("contact_details", words="To sell it on.")
    again: Any = walk.browser.get(walk.decide(page)["Location"])
    assert "Nothing was saved" in again.text
    assert "To sell it on." in again.text
    assert not Consent.objects.exists()
    assert answer(walk.decide(again))["code"]
    assert ConsentRecord.objects.get(purpose="contact_details").version.number == 2


def test_a_connection_from_before_gets_its_records(walk: Walk, customer: User) -> None:
    at = clock.now() - timedelta(days=10)
    Consent.objects.create(
        customer=customer, partner=walk.partner, scopes=["openid", "email"], declined=["profile"],
        given_at=at, changed_at=at,
    )  # fmt: skip
    settle.on_migrated()
    settle.on_migrated()
    assert held() == {
        "sign_in": (State.GIVEN, ["openid"]),
        "contact_details": (State.GIVEN, ["email"]),
        "profile": (State.REFUSED, []),
    }
    assert set(ConsentRecord.objects.values_list("at", flat=True)) == {at}
    assert answer(walk.ask("openid email profile"))["code"]


def test_connections_from_before_get_theirs_in_batches_once_and_whole(
    customer: User, walk: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settle, "_BATCH", 2)
    at = clock.now() - timedelta(days=10)
    apps = [walk.partner, *(register(name)[0] for name in ("Two", "Three", "Four", "Five"))]
    held = (["openid"], ["openid", "email"], ["phone"], ["profile"], ["openid"])
    for app, scopes in zip(apps, held, strict=True):
        Consent.objects.create(customer=customer, partner=app, scopes=scopes, given_at=at, changed_at=at)
    retired("profile")
    with edited("contact_details"):
        settle.on_migrated()
        settle.on_migrated()
        assert ConsentRecord.objects.count() == AuditEntry.objects.filter(name="choice.adopted").count() == 2
    settle.on_migrated()
    adopted = AuditEntry.objects.filter(name="choice.adopted")
    assert sorted(row.data["events"] for row in adopted) == [1, 1, 1, 2]
    assert ConsentRecord.objects.count() == 5  # what is used for nothing says nothing, however often it is looked at


@pytest.mark.parametrize(
    ("sql", "named"),
    [
        ("UPDATE consent_consentrecord SET state = 'withdrawn' WHERE purpose = 'profile'", "profile"),
        ("DELETE FROM consent_consentrecord WHERE purpose = 'profile'", "profile"),
        ("UPDATE consent_consent SET scopes = '{openid,phone}'", "connection"),
    ],
)
def test_a_record_that_is_not_what_was_said_last_is_named(walk: Walk, sql: str, named: str) -> None:
    walk.tokens("openid profile")
    connection.cursor().execute(sql)
    errors = StringIO()
    with pytest.raises(CommandError):
        call_command("consents", "verify", stdout=StringIO(), stderr=errors)
    assert named in errors.getvalue()
