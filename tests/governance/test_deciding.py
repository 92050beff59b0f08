"""Which version decides in a running process: read when needed, kept for a while, never guessed."""

import logging
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.apps.registry import Apps
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.library_settings import derived
from ciam_portal.governance import deciding, flows, start
from ciam_portal.governance.models import PolicyVersion
from ciam_portal.governance.policy import Origin, VersionState
from ciam_portal.oauth.profiles import Profile
from tests.conftest import NOON
from tests.governance.conftest import Administrator, changed, limits_with
from tests.oauth.walk import Walk, register

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("live")]
Found = Callable[..., PolicyVersion]


def statements(count: int) -> Any:
    class Counted(CaptureQueriesContext):
        def __exit__(self, *args: object) -> None:
            super().__exit__(*args)  # type: ignore[arg-type]
            assert len(self.captured_queries) == count

    return Counted(connection)


def put_in_place(text: str, version: str = "", origin: Origin = Origin.UPGRADE, against: str = "") -> PolicyVersion:
    """Have this text decide, whatever the flows would say."""
    flows._supersede(PolicyVersion.objects.get(state=VersionState.DECIDING), NOON)
    return PolicyVersion.objects.create(
        version=version or limits.of_text(text).version, content=text, origin=origin, state=VersionState.DECIDING,
        found_at=NOON, approved_at=NOON, against=against,
    )  # fmt: skip


def test_it_is_read_once_and_then_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: ticks[0])
    with statements(1):
        assert limits.current() == settings.LIMITS
    ticks[0] += deciding.SECONDS - 0.001
    with statements(0):
        limits.current()
    ticks[0] += 0.001  # the border belongs to "read again"
    with statements(1):
        limits.current()
    with statements(0):
        limits.current()


def test_an_approval_reaches_this_process_at_once_and_others_in_time(
    mona: Administrator,
    omar: Administrator,
    found: Found,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    ticks = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: ticks[0])
    deciding.forget()
    row = found(session__idle_minutes=14)
    mona.propose(row)
    assert limits.current().session.idle_minutes == 15
    with django_capture_on_commit_callbacks() as callbacks:  # they are not run: so it looks in another process
        omar.approve(row)
    assert limits.current().session.idle_minutes == 15
    ticks[0] += deciding.SECONDS
    assert limits.current().session.idle_minutes == 14
    assert callbacks == [deciding.forget]


def test_libraries_follow_the_version_that_decides(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    other = limits_with(
        session__absolute_hours=1, sign_in__pending_minutes=3, factors__throttle_seconds=4,
    )  # fmt: skip
    for name, value in derived(settings.LIMITS).items():
        assert getattr(settings, name) == value
    put_in_place(changed(
        session__absolute_hours=1, sign_in__pending_minutes=3, factors__throttle_seconds=4,
    ))  # fmt: skip
    assert limits.current() == other
    now = {name: getattr(settings, name) for name in derived(other)}
    assert (now["SESSION_COOKIE_AGE"], now["ACCOUNT_LOGIN_TIMEOUT"], now["OTP_TOTP_THROTTLE_FACTOR"]) == (3600, 180, 4)
    assert f"policy version {other.version} decides" in caplog.text


def test_limits_are_really_read_at_each_use(client: Client, customer: Any, live: None) -> None:
    put_in_place(changed(sign_in__attempts_per_address_per_minute=5))
    limits.current()
    answers = [client.post("/sign-in/", {"login": customer.email, "password": "x"}).status_code for _ in range(6)]
    assert answers[-2:] == [200, 429]


def test_partners_are_told_the_lifetime_that_decides(live: None) -> None:
    put_in_place(changed(oauth__access_token_seconds=61))
    machine = Walk(*register("Robot", profile=Profile.SERVICE))
    answer = machine.post("/oauth/token/", {"grant_type": "client_credentials"}).json()
    assert answer["expires_in"] == 61


def test_a_decision_is_kept_under_the_version_that_made_it(client: Client, customer: Any) -> None:
    row = put_in_place(changed(session__idle_minutes=14), version="named-so")
    client.post("/sign-in/", {"login": customer.email, "password": "correct horse battery staple"})
    assert {entry.policy_version for entry in DecisionEntry.objects.all()} == {row.version}


def broken(text: str = "") -> str:
    return (text or settings.POLICY_TEXT).replace("idle_warning_minutes", "once_there")


def test_a_version_this_code_cannot_use_decides_nothing_and_says_why(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    put_in_place(broken(), "0ld")
    with pytest.raises(limits.UnsafePolicy, match=r"once_there.*policy install --upgrade"):
        limits.current()
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["policy"]) == (503, "not usable")
    assert "policy install --upgrade" in caplog.text
    assert client.get("/healthz").status_code == 200


def test_a_process_of_the_older_code_goes_on_through_an_upgrade() -> None:
    before = limits.current()
    put_in_place(broken(), "newer", against=before.version)
    deciding._kept = deciding._Kept(before, 0.0)
    assert limits.current() == before


@pytest.mark.parametrize(("origin", "against"), [(Origin.UPGRADE, "another"), (Origin.FILE, "")])
def test_but_not_past_anything_else(mona: Administrator, omar: Administrator, origin: Origin, against: str) -> None:
    before = limits.current()
    row = put_in_place(broken(), "newer", against=against)
    if origin is Origin.FILE:  # approved by two people, against the very version this process holds
        PolicyVersion.objects.filter(pk=row.pk).update(
            origin=origin, against=before.version, replay={}, proposed_at=NOON,
            proposed_by=mona.user.pk, approved_by=omar.user.pk,
        )  # fmt: skip
    deciding._kept = deciding._Kept(before, 0.0)
    with pytest.raises(limits.UnsafePolicy):
        limits.current()


def test_without_an_approved_version_nothing_decides() -> None:
    flows._supersede(PolicyVersion.objects.get(), NOON)
    with pytest.raises(limits.UnsafePolicy, match="run manage"):
        limits.current()


def test_without_a_database_nothing_decides_and_the_process_still_answers(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(PolicyVersion.objects, "filter", away)
    with pytest.raises(DatabaseError):
        limits.current()
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").json()["policy"] == "not usable"


def test_a_warm_process_pays_nothing_for_it(customer: Any, sign_in: Any) -> None:
    walk = Walk(*register(), sign_in(customer))
    token = walk.tokens()["access_token"]
    walk.get("/api/profile", token)
    with CaptureQueriesContext(connection) as seen:
        walk.get("/api/profile", token)
    assert not [query for query in seen.captured_queries if "policyversion" in query["sql"]]


# Installing and starting


def test_migrating_again_changes_nothing() -> None:
    call_command("migrate", verbosity=0)
    assert PolicyVersion.objects.count() == 1


def test_a_start_with_another_file_says_so_and_keeps_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    start.look()
    assert caplog.text == ""
    text = changed(session__idle_minutes=14)
    monkeypatch.setattr(settings, "POLICY_TEXT", text)
    monkeypatch.setattr(settings, "LIMITS", limits.of_text(text))
    for _ in range(2):
        caplog.clear()
        start.look()
        assert f"(version {settings.LIMITS.version}) is not the approved version" in caplog.text
    assert limits.current().session.idle_minutes == 15
    assert PolicyVersion.objects.get(state=VersionState.FOUND).content == text


def test_a_start_without_a_database_goes_on(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def away(*_: object, **__: object) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(flows, "see", away)
    start.look()
    assert "could not be compared with the approved version: gone" in caplog.text


def test_a_process_starts_without_a_connection_that_a_fork_could_share(monkeypatch: pytest.MonkeyPatch) -> None:
    did: list[str] = []
    monkeypatch.setattr(start, "look", lambda: did.append("looked"))
    monkeypatch.setattr(connection, "close", lambda: did.append("closed"))
    start.on_start(sender=None)
    assert did == ["looked", "closed"]


def test_the_command_installs_upgrades_and_lists(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("policy", "install")
    call_command("policy", "install", "--upgrade")
    assert capsys.readouterr().out.count("The policy file is the approved version.") == 2
    put_in_place(broken(), "0ld")
    call_command("policy", "install", "--upgrade")
    said = capsys.readouterr().out
    assert f"version {settings.LIMITS.version} decides" in said
    call_command("policy", "list")
    assert "0ld" in capsys.readouterr().out
    assert limits.current() == settings.LIMITS


def test_the_command_says_why_an_upgrade_is_not_enough() -> None:
    """A row of the operator's own that lacks what newer software needs, and that the file does not have."""
    tables = limits.tables(broken())
    row = dict(tables["actions"]["partner.change_payee"])
    del row["deny_from"]
    tables["actions"]["partner.mine"] = row
    put_in_place(limits.as_toml(tables), "0ld")
    with pytest.raises(CommandError, match=r"actions\.partner\.mine\.deny_from is missing"):
        call_command("policy", "install", "--upgrade")


def test_a_database_migrated_to_a_state_before_it_is_left_alone() -> None:
    before = PolicyVersion.objects.count()
    start.on_migrated(apps=Apps())
    assert PolicyVersion.objects.count() == before


def test_the_first_version_is_kept_once(live: None) -> None:
    with pytest.raises(flows._Kept):
        flows.keep_first(changed(session__idle_minutes=14), by=Actor.system(), at=NOON)
    assert PolicyVersion.objects.count() == 1
