"""Refresh tokens: rotation, theft, ends."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache

from accounts.models import Device, Session, User
from accounts.sessions import flows as sessions
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry, Tally
from ciam_portal.core.crypto import passing, vault
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Risk
from ciam_portal.core.roles import Role
from ciam_portal.governance import recompute
from ciam_portal.oauth import rows
from ciam_portal.oauth.models import AccessToken, RefreshToken
from consent.models import Consent
from consent.permission import flows
from consent.release import issuance
from tests.accounts.staff.people import Member
from tests.oauth.walk import Walk, payload, register

pytestmark = pytest.mark.django_db
OFFLINE = "openid profile email offline_access"


@pytest.mark.control("OIDC-Core-11")
def test_only_with_offline_access(walk: Walk) -> None:
    assert "refresh_token" not in walk.tokens("openid profile")
    assert "refresh_token" in walk.tokens(OFFLINE)


def test_oidcc_refresh_token(walk: Walk) -> None:
    first = walk.tokens(OFFLINE)
    second = walk.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["scope"] == OFFLINE
    before, after = payload(first["id_token"]), payload(second["id_token"])
    assert {before[name] for name in ("iss", "sub", "aud")} == {after[name] for name in ("iss", "sub", "aud")}
    assert before["auth_time"] == after["auth_time"]
    assert "nonce" not in after
    assert walk.userinfo(second["access_token"]).status_code == 200


@pytest.mark.control("v5.0.0-10.4.5", "RFC9700-2.2.2", "RFC9700-4.14.2/b")
def test_a_second_use_ends_the_family_and_the_customer_is_told(walk: Walk, outbox: Callable[[], list[Any]]) -> None:
    first = walk.tokens(OFFLINE)
    second = walk.refresh(first["refresh_token"]).json()
    with time_machine.travel(clock.now() + timedelta(seconds=10), tick=True):
        assert walk.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert walk.refresh(second["refresh_token"]).json()["error"] == "invalid_grant"
    assert walk.userinfo(second["access_token"]).status_code == 401
    assert walk.refresh(first["refresh_token"]).status_code == 400
    assert [message.kind for message in outbox()].count("consent_token_reused") == 1
    assert AuditEntry.objects.filter(name="oauth.refresh_reused").count() == 2


class TestLostAnswers:
    """The very same refresh, once more at once, gets the same successor; anything else is reuse (RFC 9700 4.14.2)."""

    def test_the_same_successor(self, walk: Walk, outbox: Callable[[], list[Any]]) -> None:
        first = walk.tokens(OFFLINE)
        answers = [walk.refresh(first["refresh_token"]).json() for _ in range(3)]
        assert len({(each["access_token"], each["refresh_token"]) for each in answers}) == 1
        assert walk.userinfo(answers[0]["access_token"]).status_code == 200
        assert walk.refresh(answers[0]["refresh_token"]).status_code == 200
        assert RefreshToken.objects.filter(revoked__isnull=True).count() == 1
        assert "consent_token_reused" not in [message.kind for message in outbox()]

    def test_not_once_the_successor_was_used(self, walk: Walk) -> None:
        first = walk.tokens(OFFLINE)["refresh_token"]
        third = walk.refresh(walk.refresh(first).json()["refresh_token"]).json()
        assert walk.refresh(first).json()["error"] == "invalid_grant"
        assert walk.refresh(third["refresh_token"]).json()["error"] == "invalid_grant"

    def test_it_waits_until_the_successor_is_used_beside_a_key_that_passes(self, walk: Walk) -> None:
        first = walk.tokens(OFFLINE)["refresh_token"]
        second = walk.refresh(first).json()["refresh_token"]
        old, kept = (RefreshToken.objects.get(used_at__isnull=empty) for empty in (False, True))
        assert old.used_at is not None
        context, at = f"answer to refresh token {old.pk}", old.used_at
        assert second.encode() in vault.unseal(kept.answer, context, beside=passing.key(at))
        for other in ("", passing.key(at + timedelta(minutes=1))):
            with pytest.raises(vault.CannotOpen):
                vault.unseal(kept.answer, context, beside=other)
        walk.refresh(second)
        kept.refresh_from_db()
        assert kept.answer == ""

    @pytest.mark.parametrize("end", ["family", "consent"])
    def test_it_goes_with_the_successor(self, walk: Walk, end: str) -> None:
        first = walk.tokens(OFFLINE)["refresh_token"]
        walk.refresh(first)
        assert RefreshToken.objects.exclude(answer="").count() == 1
        if end == "family":
            walk.refresh(first, scope="openid")
        else:
            walk.browser.post(f"/connected-apps/{Consent.objects.get().pk}/withdraw/")
        assert not RefreshToken.objects.exclude(answer="").exists()

    def test_the_record_names_what_was_given_again(self, walk: Walk) -> None:
        first = walk.tokens(OFFLINE)["refresh_token"]
        narrow = walk.refresh(first, scope="openid offline_access").json()
        assert walk.refresh(first).json()["access_token"] == narrow["access_token"]
        assert [set(each.data["scopes"]) for each in refreshed()] == [{"openid", "offline_access"}]

    @pytest.mark.parametrize("end", ["consent", "key", "scope"])
    def test_nor_when_anything_is_different(self, walk: Walk, monkeypatch: pytest.MonkeyPatch, end: str) -> None:
        first = walk.tokens(OFFLINE)["refresh_token"]
        walk.refresh(first)
        if end == "consent":
            walk.browser.post(f"/connected-apps/{Consent.objects.get().pk}/withdraw/")
        elif end == "key":
            monkeypatch.setattr(passing, "_known", {})
            cache.clear()
        again = walk.refresh(first, **({"scope": "openid"} if end == "scope" else {}))
        assert again.json()["error"] == "invalid_grant"
        assert not RefreshToken.objects.filter(revoked__isnull=True).exists()


def test_narrowing_and_widening(walk: Walk) -> None:
    first = walk.tokens(OFFLINE)
    wide = walk.refresh(first["refresh_token"], scope="openid phone")
    assert wide.json()["error"] == "invalid_scope"
    narrow = walk.refresh(first["refresh_token"], scope="openid profile").json()
    assert narrow["scope"] == "openid profile"
    assert "email" not in walk.userinfo(narrow["access_token"]).json()
    assert walk.refresh(narrow["refresh_token"]).json()["scope"] == OFFLINE


def test_it_belongs_to_its_partner(walk: Walk) -> None:
    other = Walk(*register("Other"), walk.browser)
    first = walk.tokens(OFFLINE)
    assert other.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"
    assert walk.refresh(first["refresh_token"]).status_code == 200


@pytest.mark.control("v5.0.0-10.4.8", "RFC9700-4.14.2/d")
def test_idle_and_absolute_ends(walk: Walk) -> None:
    rules = limits.current().oauth
    walk.tokens(OFFLINE)
    row, session = RefreshToken.objects.get(), Session.objects.get()
    assert row.expires_at == session.auth_time + timedelta(days=rules.refresh_token_days)
    token = walk.tokens(OFFLINE)["refresh_token"]
    RefreshToken.objects.update(idle_at=clock.now())
    assert walk.refresh(token).json()["error"] == "invalid_grant"


def test_the_absolute_end_does_not_move(walk: Walk) -> None:
    first = walk.tokens(OFFLINE)
    end = clock.now() + timedelta(hours=1)
    RefreshToken.objects.update(expires_at=end)
    second = walk.refresh(first["refresh_token"]).json()
    row = RefreshToken.objects.get(revoked__isnull=True)
    assert row.expires_at == end
    assert row.idle_at == end
    RefreshToken.objects.update(expires_at=clock.now())
    assert walk.refresh(second["refresh_token"]).status_code == 400


@pytest.mark.control("v5.0.0-7.4.2", "v5.0.0-8.3.2", "RFC9700-4.14.2/c")
@pytest.mark.parametrize("fallen", ["customer", "consent", "session", "partner", "offline"])
def test_what_it_rests_on_is_asked_again(walk: Walk, fallen: str) -> None:
    token = walk.tokens(OFFLINE)["refresh_token"]
    match fallen:
        case "customer":
            User.objects.update(is_active=False)
        case "consent":
            Consent.objects.update(ended_at=clock.now())
        case "session":
            Session.objects.update(ended_at=clock.now(), end_reason="credentials_changed")
        case "partner":
            type(walk.partner).objects.update(is_enabled=False)
        case "offline":
            Consent.objects.update(scopes=["openid", "profile", "email"])
    assert walk.refresh(token).status_code in {400, 401}


def test_signing_out_keeps_only_what_was_allowed_in_absence(walk: Walk, by: Actor) -> None:
    online, away = walk.tokens("openid"), walk.tokens(OFFLINE)
    sessions.end(Session.objects.get(), by=by, at=clock.now(), reason=sessions.SIGNED_OUT)
    assert walk.userinfo(online["access_token"]).status_code == 401
    assert walk.userinfo(away["access_token"]).status_code == 200
    assert walk.refresh(away["refresh_token"]).status_code == 200


def test_ending_a_session_ends_all_of_it(walk: Walk, by: Actor) -> None:
    away = walk.tokens(OFFLINE)
    sessions.end(Session.objects.get(), by=by, at=clock.now())
    assert walk.userinfo(away["access_token"]).status_code == 401
    assert walk.refresh(away["refresh_token"]).status_code == 400
    assert not AccessToken.objects.exists()


def test_a_narrowed_consent_narrows_the_next_token(walk: Walk, by: Actor) -> None:
    first = walk.tokens(OFFLINE)
    flows.narrow(Consent.objects.get(), ("email",), by=by, at=clock.now())
    assert "email" not in walk.userinfo(first["access_token"]).json()
    assert walk.refresh(first["refresh_token"]).json()["scope"] == "openid profile offline_access"


# What is ordinary is counted


def refreshed() -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(name="oauth.refreshed").order_by("pk"))


def again_and_again(walk: Walk, token: str, times: int, **form: Any) -> str:
    for _ in range(times):
        answer = walk.refresh(token, **form)
        assert answer.status_code == 200, answer.content
        token = answer.json()["refresh_token"]
    return token


def test_the_first_of_a_day_is_kept_whole_and_the_others_are_counted(walk: Walk) -> None:
    again_and_again(walk, walk.tokens(OFFLINE)["refresh_token"], 20)
    (kept,) = refreshed()
    decision = DecisionEntry.objects.get(action="refresh_token")
    assert kept.decision == decision.pk
    assert recompute.recompute(decision) == ()
    tally = Tally.objects.get()
    assert (tally.pk, tally.times) == (kept.pk, 20)


def test_the_next_day_begins_anew(walk: Walk) -> None:
    with time_machine.travel(datetime(2026, 3, 1, 23, 50, tzinfo=UTC), tick=False) as clocks:
        token = again_and_again(walk, walk.tokens(OFFLINE)["refresh_token"], 2)
        clocks.shift(timedelta(minutes=10))
        again_and_again(walk, token, 3)
    assert [Tally.objects.get(pk=row.pk).times for row in refreshed()] == [2, 3]


def test_what_differs_is_kept_whole(walk: Walk) -> None:
    token = again_and_again(walk, walk.tokens(OFFLINE)["refresh_token"], 2)
    token = again_and_again(walk, token, 1, scope="openid profile")
    Session.objects.update(risk=Risk.MODERATE)
    token = again_and_again(walk, token, 2)
    limits.install(replace(limits.current(), version="another"))
    again_and_again(walk, token, 1)
    again_and_again(walk, walk.tokens(OFFLINE)["refresh_token"], 1)
    assert len(refreshed()) == 5
    assert DecisionEntry.objects.filter(action="refresh_token").count() == 5


def test_what_is_refused_is_never_counted_away(walk: Walk) -> None:
    token = again_and_again(walk, walk.tokens(OFFLINE)["refresh_token"], 2)
    Session.objects.update(risk=Risk.SEVERE)
    assert walk.refresh(token).status_code == 400
    assert walk.refresh(token).status_code == 400
    assert AuditEntry.objects.filter(name="oauth.refresh_refused").count() == 2
    assert DecisionEntry.objects.filter(action="refresh_token", answer="deny").count() == 2


def test_a_counted_refresh_is_counted_and_stored_by_one_statement(walk: Walk, django_assert_num_queries: Any) -> None:
    token = again_and_again(walk, walk.tokens(OFFLINE)["refresh_token"], 2)
    with django_assert_num_queries(4):  # the partner, the token, what is done with it; one is what was said
        walk.refresh(token)


def test_it_marks_when_the_connection_was_last_used(walk: Walk, django_assert_num_queries: Any) -> None:
    token = again_and_again(walk, walk.tokens(OFFLINE)["refresh_token"], 2)
    with time_machine.travel(clock.now() + timedelta(seconds=61), tick=False):
        with django_assert_num_queries(4):
            token = walk.refresh(token).json()["refresh_token"]
        assert Consent.objects.get().last_used_at == clock.now()
        again_and_again(walk, token, 1)
    assert Tally.objects.get().times == 4


@pytest.mark.parametrize("fallen", ["nothing", "customer", "consent", "session", "device", "token", "narrowed"])
def test_what_changes_after_it_was_judged_is_found_by_that_statement(
    walk: Walk, monkeypatch: pytest.MonkeyPatch, fallen: str
) -> None:
    token, at = again_and_again(walk, walk.tokens(OFFLINE)["refresh_token"], 2), clock.now()
    change: dict[str, Callable[[], Any]] = {
        "nothing": lambda: None,
        "customer": lambda: User.objects.update(is_active=False),
        "consent": lambda: Consent.objects.update(ended_at=at),
        "session": lambda: Session.objects.update(ended_at=at, end_reason="credentials_changed"),
        "device": lambda: Device.objects.update(name="Kitchen"),
        "token": lambda: RefreshToken.objects.filter(used_at=None).update(revoked=at),
        "narrowed": lambda: Consent.objects.update(scopes=["openid", "offline_access"]),
    }
    ask, judge, judged = rows.unchanged, issuance.ask, list[None]()

    def meanwhile(seen: RefreshToken) -> Any:
        change[fallen]()
        return ask(seen)

    def noted(*args: Any, **kwargs: Any) -> Any:
        judged.append(None)
        return judge(*args, **kwargs)

    monkeypatch.setattr(rows, "unchanged", meanwhile)
    monkeypatch.setattr(issuance, "ask", noted)
    issued, counted = AccessToken.objects.count(), Tally.objects.get().times
    answer = walk.refresh(token)
    if fallen in {"nothing", "device", "narrowed"}:
        wide = [] if fallen == "narrowed" else ["profile", "email"]
        assert set(answer.json()["scope"].split()) == {"openid", "offline_access", *wide}
        assert AccessToken.objects.count() == issued + 1
    else:
        assert answer.json()["error"] == "invalid_grant"
        assert AccessToken.objects.count() == issued
    assert len(judged) == (1 if fallen == "nothing" else 2)  # again under lock
    assert Tally.objects.earliest("pk").times == counted + (fallen in {"nothing", "device"})


def test_staff_read_for_how_many_it_stands(walk: Walk) -> None:
    again_and_again(walk, walk.tokens(OFFLINE)["refresh_token"], 4)
    auditor = Member(*Role)
    (kept,) = refreshed()
    opened = auditor.client.post(f"/staff/accounts/user/{kept.about}/open/", {"reason": "audit"})
    assert opened.status_code == 302
    page = auditor.client.get(f"/staff/audit/auditentry/{kept.pk}/change/")
    assert re.search(r"Stands for:.*?>\s*4\s*<", page.text, re.DOTALL)
