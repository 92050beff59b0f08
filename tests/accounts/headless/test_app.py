"""The business's own app: every door of it is the pages' own, and its token is worth something with its key alone."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.sessions.models import Session as BrowserSession
from django.test import Client
from django_otp.oath import totp as code_at

from accounts.account import flows as account
from accounts.factors import verifier as factors
from accounts.headless.middleware import PREFIX
from accounts.lock.flows import locks
from accounts.models import Device, Session, Totp, User
from accounts.sessions import flows as sessions
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from tests import factories
from tests.accounts.factors.soft_authenticator import SoftAuthenticator
from tests.accounts.headless.app import App, pending, work
from tests.factories import PASSWORD
from tests.governance.conftest import limits_with
from tests.recovery import steps

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
NEW = "an otter reads the tide table"


def secret() -> str:
    """What the link that was mailed last ends with."""
    return str(factories.outbox()[-1].words["link"].rstrip("/").rpartition("/")[2])


def seed_of(customer: User) -> bytes:
    made, at = factors.new_seed(), clock.now() - timedelta(minutes=1)
    assert factors.add_app(customer, made, f"{code_at(made, t0=60):06d}", at)
    return made


@pytest.fixture
def app(customer: User) -> App:
    """Signed in once, and so known."""
    made = App()
    enter(made, customer)
    return made


def enter(app: App, customer: User, password: str = PASSWORD) -> None:
    """Sign in, with the code that was mailed if one is asked for."""
    app.token = ""
    if app.sign_in(customer.email, password).status_code != 200:
        assert app.post("auth/code/confirm", code=factories.outbox()[-1].words["code"]).status_code == 200


def sign_up(app: App, email: str, **more: Any) -> Any:
    """Open the form, fill it in, and send it."""
    begun = app.get("config").json()["data"]["account"]["begun"]
    with time_machine.travel(clock.now() + timedelta(seconds=20), tick=False):
        return app.post("auth/signup", email=email, password=PASSWORD, begun=begun, **more)


def test_somebody_new_signs_up_confirms_and_is_in(db: None) -> None:
    app = App()
    answer = sign_up(app, "New@Example.org", zone="Europe/Oslo")
    assert (answer.status_code, pending(answer)) == (401, ["verify_email"])
    decided = DecisionEntry.objects.get(action="sign_up")
    assert (decided.channel, decided.answer, decided.findings) == ("mobile", "allow", [])
    before = app.token
    answer = app.post("auth/email/verify", key=secret())
    assert answer.status_code == 200
    assert answer.json()["data"]["user"]["email"] == "new@example.org"
    assert answer.json()["data"]["methods"][0]["method"] == "password"
    assert app.token.startswith(PREFIX)
    assert app.token != before
    session = Session.objects.get()
    assert session.device is not None
    assert (session.browser, session.system, session.device.name) == ("App", "Android", "Ada’s phone")
    assert app.get("auth/session").status_code == 200
    assert AuditEntry.objects.get(name="sign_in.completed").channel == "mobile"
    dead = App().post("auth/email/verify", key="nothing")
    assert (dead.status_code, dead.json()["errors"][0]["code"]) == (403, "link_dead")


def test_a_worried_sign_up_is_work_for_the_app(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same decision and the same ticket as on the page; it counts once."""
    rules = limits.current()
    easy = replace(rules, sign_up=replace(rules.sign_up, work_bits=4, most_work_bits=4))
    monkeypatch.setattr(limits, "current", lambda: easy)
    app = App()
    answer = sign_up(app, "ada@mailinator.com")
    (puzzle,) = answer.json()["data"]["flows"]
    assert (answer.status_code, puzzle["id"], puzzle["algorithm"]) == (401, "proof_of_work", "SHA-256")
    sent = {"ticket": puzzle["ticket"], "work": work(puzzle)}
    assert pending(app.post("auth/signup", **sent)) == ["verify_email"]
    again = App().post("auth/signup", **sent)
    assert (again.status_code, again.json()["errors"][0]["code"]) == (400, "ticket_over")


def test_what_is_typed_wrong_is_said(db: None) -> None:
    app = App()
    answer = app.post("auth/signup", email="ada@", password="short")
    assert answer.status_code == 400
    assert {each["param"] for each in answer.json()["errors"]} == {"email", "password"}
    assert app.post("auth/login", email="ada@example.org").json()["errors"][0]["code"] == "missing_member"
    assert app.sign_in("ada@example.org", PASSWORD).json()["errors"][0]["code"] == "email_password_mismatch"
    unread = app.raw("POST", "auth/login", {"Content-Type": "application/json"}, content=b"{")
    assert (unread.status_code, unread.json()["errors"][0]["code"]) == (400, "invalid_json")


def test_a_new_device_is_asked_and_a_known_one_is_not(customer: User, app: App) -> None:
    """The app's key is its device: no token of it has to be kept beside."""
    assert app.ask("DELETE", "auth/session").status_code == 401
    Device.objects.update(known_at=clock.now())
    app.token = ""
    assert app.sign_in(customer.email, PASSWORD).status_code == 200
    assert Device.objects.filter(customer=customer).count() == 1
    stranger = App()
    assert pending(stranger.sign_in(customer.email, PASSWORD)) == ["login_by_code"]
    first = factories.outbox()[-1].words["code"]
    assert stranger.post("auth/code/resend").status_code == 200
    assert factories.outbox()[-1].words["code"] != first
    Device.objects.update(revoked_at=clock.now())  # forgotten: the same key is a stranger's again
    app.token = ""
    assert pending(app.sign_in(customer.email, PASSWORD)) == ["login_by_code"]
    enter(app, customer)


def test_two_people_share_a_device(customer: User, app: App) -> None:
    """The key is shown by both; neither is known by the other's."""
    other = factories.customer("other@example.com")
    app.token = ""
    assert pending(app.sign_in(other.email, PASSWORD)) == ["login_by_code"]
    assert app.post("auth/code/confirm", code=factories.outbox()[-1].words["code"]).status_code == 200
    assert set(Device.objects.values_list("customer", flat=True)) == {customer.pk, other.pk}


def test_the_second_step(customer: User) -> None:
    seed = seed_of(customer)
    (backup, *_) = factors.make_backup_codes(customer, clock.now())
    app = App()
    answer = app.sign_in(customer.email, PASSWORD)
    (flow,) = answer.json()["data"]["flows"]
    assert flow == {"id": "mfa_authenticate", "types": ["totp", "recovery_codes"], "is_pending": True}
    assert app.post("auth/code/confirm", code="00000000").status_code == 409
    answer = app.post("auth/2fa/authenticate", code=f"{code_at(seed):06d}")
    assert (answer.status_code, answer.json()["data"]["acr"]) == (200, "aal2")
    assert app.sign_in(customer.email, PASSWORD).status_code == 409
    other = App()
    other.sign_in(customer.email, PASSWORD)
    assert other.post("auth/2fa/authenticate", code=backup.lower()).status_code == 200
    third = App()
    third.sign_in(customer.email, PASSWORD)
    wrong = third.post("auth/2fa/authenticate", code="000000")
    assert (wrong.status_code, wrong.json()["errors"][0]["param"]) == (400, "code")
    wait = third.post("auth/2fa/authenticate", code=f"{code_at(seed):06d}")
    assert (wait.status_code, wait.headers["Retry-After"]) == (429, "1")


def test_a_passkey_instead_of_a_password_and_as_a_second_step(customer: User, client: Client) -> None:
    made = SoftAuthenticator()
    factories.signed_in(client, customer, (Method.PASSWORD,))
    begun = client.post("/security/passkeys/add/begin/").json()
    sent = {"ceremony": begun["ceremony"], "credential": made.create(begun["options"]), "name": "Phone"}
    assert client.post("/security/passkeys/add/", sent).status_code == 302
    for app, paths in ((App(), ["auth/webauthn/login"]), (App(), ["auth/login", "auth/webauthn/authenticate"])):
        if len(paths) == 2:
            (flow,) = app.sign_in(customer.email, PASSWORD).json()["data"]["flows"]
            assert "webauthn" in flow["types"]
        found = app.get(paths[-1]).json()["data"]
        shown = {"ceremony": found["ceremony"], "credential": json.loads(made.get(found["request_options"]))}
        assert app.post(paths[-1], **shown).status_code == 200
        assert app.post(paths[-1], **shown).status_code in {400, 409}
    assert App().get("auth/webauthn/authenticate").status_code == 409


def test_guessing_pauses_as_on_the_page(customer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = limits.current()
    few = replace(rules, sign_in=replace(rules.sign_in, failures=3, attempts_per_address_per_minute=4))
    monkeypatch.setattr(limits, "current", lambda: few)
    app = App()
    answers = [app.sign_in(customer.email, "not the password") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [400, 400, 429, 429, 429]
    assert (answers[2].json(), answers[4].json()["errors"][0]["code"]) == ({"status": 429}, "too_many_sign_ins")
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers[2:])


# The token


def test_a_token_is_kept_as_a_digest_and_is_no_cookie(app: App, client: Client) -> None:
    key = app.token.removeprefix(PREFIX)
    assert not BrowserSession.objects.filter(pk__contains=key).exists()
    client.cookies["session"] = key
    assert client.get("/profile/").status_code == 302
    factories.signed_in(client, Session.objects.get().customer, (Method.PASSWORD,))
    browser = App()
    browser.token = PREFIX + client.cookies["session"].value
    assert browser.get("auth/session").status_code == 410


@pytest.mark.parametrize("change", ["other key", "no proof", "no prefix"])
def test_a_token_without_its_keys_proof_is_dead(app: App, change: str) -> None:
    thief = App()
    thief.token, thief.nonce = app.token, app.nonce
    if change == "no prefix":
        thief.key, thief.token = app.key, app.token.removeprefix(PREFIX)
    if change == "no proof":
        headers = {"X-Session-Token": app.token}
        assert thief.http.get("/_allauth/app/v1/auth/session", headers=headers).status_code == 410
    else:
        assert thief.get("auth/session").status_code == 410
    assert app.get("auth/session").status_code == 200  # whoever has found it ends nothing


@pytest.mark.parametrize(
    "change",
    [{"htm": "POST"}, {"htu": "http://localhost/"}, {"iat": 0}, {"ath": "x"}, {"nonce": "x"}, {"jti": ""}],
)
def test_a_proof_is_for_this_request_and_token_of_now(app: App, change: dict[str, Any]) -> None:
    path = "/_allauth/app/v1/auth/session"
    answer = app.once("GET", "auth/session", DPoP=app.proof("GET", path, **change))
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("DPoP error=")


def test_a_proof_counts_once(app: App) -> None:
    proof = app.proof("GET", "/_allauth/app/v1/auth/session")
    assert [app.once("GET", "auth/session", DPoP=proof).status_code for _ in range(2)] == [200, 401]


def test_nothing_is_answered_without_a_key_and_no_browser_may_read_it(db: None, client: Client) -> None:
    answer = client.get("/_allauth/app/v1/config", headers={"Origin": "https://evil.example"})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, "invalid_dpop_proof")
    assert not any(name.startswith("Access-Control") for name in answer.headers)
    assert not answer.cookies


@pytest.mark.parametrize("path", ["browser/v1/config", "app/v1/auth/provider/token", "app/v1/account/email"])
def test_what_is_not_offered_is_not_there(db: None, client: Client, path: str) -> None:
    assert client.get(f"/_allauth/{path}").status_code == 404


def test_what_ends_sessions_ends_the_apps_at_once(customer: User, app: App, client: Client) -> None:
    def end(how: str) -> None:
        elsewhere = factories.signed_in(Client(), customer, (Method.PASSWORD,))
        by, at = Actor(ActorKind.CUSTOMER, customer.pk, Channel.WEB), clock.now()
        match how:
            case "password":
                account.change_password(customer, NEW, elsewhere, by=by, at=at)
            case "elsewhere":
                sessions.end_all(customer, by=by, at=at)
            case "lock":
                locks.lock(customer, by=by, at=at)

    for how in ("elsewhere", "password", "lock"):
        end(how)
        assert app.get("auth/session").status_code == 410, how
        if how != "lock":
            enter(app, customer, NEW if how == "password" else PASSWORD)


def test_the_sessions_page_names_the_device(customer: User, app: App, sign_in: SignIn) -> None:
    browser = sign_in(customer)
    page = browser.get("/sessions/").text
    assert "Ada’s phone" in page
    assert "App on Android" in page
    session = Session.objects.get(browser="App")
    assert browser.post(f"/sessions/{session.pk}/end/").status_code == 302
    assert app.get("auth/session").status_code == 410


# Proving more, and recovery


def test_a_password_is_changed_after_proving_more(customer: User) -> None:
    seed = seed_of(customer)
    app, path, wanted = App(), "account/password/change", {"current_password": PASSWORD, "new_password": NEW}
    assert app.post(path, **wanted).status_code == 401
    app.sign_in(customer.email, PASSWORD)
    app.post("auth/2fa/authenticate", code=f"{code_at(seed):06d}")
    Device.objects.update(known_at=clock.now())
    with time_machine.travel(clock.now() + timedelta(minutes=12), tick=False):
        answer = app.post(path, **wanted)
        (flow,) = answer.json()["data"]["flows"]
        assert (answer.status_code, flow["id"]) == (401, "mfa_reauthenticate")
        assert answer.json()["meta"]["is_authenticated"]
        before = app.token
        assert app.post("auth/reauthenticate", password=PASSWORD).status_code == 409  # which leads nowhere
        assert app.post("auth/2fa/reauthenticate", code=f"{code_at(seed, t0=0):06d}").status_code == 200
        assert app.token != before
        wrong = app.post(path, current_password="no", new_password="short")
        assert {each["param"] for each in wrong.json()["errors"]} == {"new_password"}
        assert app.post(path, **wanted).status_code == 200
        assert app.get("auth/session").status_code == 200
    customer.refresh_from_db()
    assert customer.check_password(NEW)
    assert factories.decisions(customer)[-1].channel == "mobile"


@pytest.mark.parametrize("known", [True, False])
def test_a_recovery_is_begun_alike_for_everyone(customer: User, known: bool) -> None:
    app = App()
    answer = app.post("auth/password/request", email=customer.email if known else "nobody@example.com")
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": 200, "data": {}, "meta": {"is_authenticated": False}},
    )
    assert [mail.kind for mail in factories.outbox()] == ["reset_your_password"] * known
    assert app.post("auth/password/request", email="nobody").status_code == 400
    assert app.get("config").json()["data"]["account"]["recovery_url"].endswith("/recover/")


# When nobody is let in


def test_a_locked_account_looks_like_a_wrong_password_and_opens_by_the_mail(customer: User, app: App) -> None:
    """The panic button, pressed in a browser."""
    locks.lock(customer, by=Actor(ActorKind.CUSTOMER, customer.pk, Channel.WEB), at=clock.now())
    assert app.get("auth/session").status_code == 410
    told = [app.sign_in(customer.email, password) for password in (PASSWORD, "x" * len(PASSWORD))]
    assert [answer.status_code for answer in told] == [400, 400]
    assert told[0].json() == told[1].json()
    assert App().post("auth/password/request", email=customer.email).status_code == 200
    assert not Session.objects.filter(ended_at__isnull=True).exists()


def test_a_held_sign_in_says_so_with_its_reference(customer: User, app: App) -> None:
    """The password is right and nearly everything unusual: the truth, and the decision's number for the help desk."""
    limits.install(limits_with(risk__moderate_score=-5, risk__high_score=-4, risk__severe_score=0))
    stranger = App(source="203.0.113.77")
    assert stranger.sign_in(customer.email, "not the password at all").status_code == 400
    answer = stranger.sign_in(customer.email, PASSWORD)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "sign_in_held")
    assert answer.json()["reference"]
    for path in ("auth/code/resend", "auth/code/confirm", "auth/2fa/authenticate", "auth/reauthenticate"):
        assert stranger.post(path, code="12345678", password=PASSWORD).status_code in {400, 409}, path
    assert stranger.get("auth/session").status_code == 403
    assert app.get("auth/session").status_code == 200  # whoever is in stays in


def test_a_recovery_in_a_browser_ends_what_the_app_holds_once_it_is_done(customer: User) -> None:
    steps.with_app(customer)
    app, person = App(), steps.Person(Client())

    def enters(password: str, seed: bytes) -> int:
        """With both steps, and the status of the last."""
        answer = app.sign_in(customer.email, password)
        if answer.status_code != 401:
            return int(answer.status_code)
        return int(app.post("auth/2fa/authenticate", code=steps.code_at(seed, clock.now())).status_code)

    assert enters(PASSWORD, steps.SEED) == 200
    with steps.later(minutes=1):
        person.two_codes(customer.email)
        assert app.get("auth/session").status_code == 200
    with steps.later(days=7, minutes=2):
        assert "Your account is yours again" in person.finish().text
        assert app.get("auth/session").status_code == 410
        assert enters(PASSWORD, steps.SEED) == 400
    with steps.later(days=7, minutes=4):
        assert enters(steps.NEW, Totp.objects.get(user=customer).bin_key) == 200
