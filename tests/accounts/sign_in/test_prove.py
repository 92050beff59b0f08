"""Proving: the second step of a sign-in, and stepping up while signed in."""

import re
from base64 import b32decode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django_otp.oath import totp as code_at

from accounts.factors import bound
from accounts.factors import verifier as factors
from accounts.models import Passkey, Session, User
from accounts.staff.flows import people as staff_flows
from ciam_portal.core import clock, gate
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Level, Method
from ciam_portal.core.policy.decision import Risk
from ciam_portal.core.roles import Role
from tests import factories
from tests.accounts.factors.soft_authenticator import SoftAuthenticator
from tests.factories import PASSWORD, Message

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
Outbox = Callable[[], list[Message]]
STRONG = (Method.PASSWORD, Method.TOTP)


def code_of(seed: bytes) -> str:
    return f"{code_at(seed):06d}"


@pytest.fixture
def seed(customer: User) -> bytes:
    made, at = factors.new_seed(), clock.now() - timedelta(minutes=1)
    shown = f"{code_at(made, t0=60):06d}"
    assert factors.add_app(customer, made, shown, at)
    return made


@pytest.fixture
def codes(customer: User, seed: bytes) -> list[str]:
    return factors.make_backup_codes(customer, clock.now())


@pytest.fixture
def key(customer: User, client: Client) -> SoftAuthenticator:
    """A passkey of the customer, bound through the pages."""
    made = SoftAuthenticator()
    browser = Client()
    factories.signed_in(browser, customer, (Method.PASSWORD,))
    begun = browser.post("/security/passkeys/add/begin/").json()
    sent = {"ceremony": begun["ceremony"], "credential": made.create(begun["options"]), "name": "Laptop"}
    assert browser.post("/security/passkeys/add/", sent).status_code == 302
    return made


def password_step(client: Client, customer: User, next_url: str = "") -> Any:
    return client.post("/sign-in/", {"login": customer.email, "password": PASSWORD, "next": next_url})


def session_of(client: Client) -> Session:
    return Session.objects.get(pk=client.session["portal_session"])


def asked(client: Client, path: str) -> str:
    """The reference under which this page waits for a proof."""
    answer = client.get(path)
    assert answer["Location"].startswith("/prove/?ref=")
    return answer["Location"].split("=")[1]


# The second step of a sign-in


def test_a_password_alone_does_not_sign_in_who_has_a_second_factor(client: Client, customer: User, seed: bytes) -> None:
    assert password_step(client, customer)["Location"] == "/sign-in/prove/"
    assert client.get("/security/")["Location"].startswith("/sign-in/")
    page = client.get("/sign-in/prove/")
    assert "Second step" in page.text
    assert "Use a backup code" not in page.text


def test_the_app_completes_the_sign_in(client: Client, customer: User, seed: bytes) -> None:
    password_step(client, customer, "/profile/")
    before = client.cookies["session"].value
    answer = client.post("/sign-in/prove/", {"way": "totp", "code": code_of(seed)})
    assert answer["Location"] == "/profile/"
    assert client.cookies["session"].value != before
    session = session_of(client)
    assert (session.level, session.methods) == (Level.AAL2, ["password", "totp"])


def test_a_backup_code_completes_the_sign_in_and_its_owner_is_told(
    client: Client, customer: User, codes: list[str], outbox: Outbox
) -> None:
    password_step(client, customer)
    assert "Type one of the backup codes" in client.get("/sign-in/prove/?way=backup_code").text
    answer = client.post("/sign-in/prove/", {"way": "backup_code", "code": codes[0].lower()})
    assert answer.status_code == 302
    assert session_of(client).methods == ["password", "backup_code"]
    assert any(mail.kind == "factor_backup_code_used" and mail.words["left"] == 9 for mail in outbox())


def test_a_passkey_completes_the_sign_in(client: Client, customer: User, key: SoftAuthenticator) -> None:
    password_step(client, customer)
    begun = client.post("/sign-in/prove/passkey/begin/").json()
    assert len(begun["options"]["allowCredentials"]) == 1
    sent = {"way": "passkey", "ceremony": begun["ceremony"], "credential": key.get(begun["options"])}
    assert client.post("/sign-in/prove/", sent).status_code == 302
    assert session_of(client).level == Level.PHR


def test_a_password_or_a_mail_code_is_no_second_step(client: Client, customer: User, seed: bytes) -> None:
    password_step(client, customer)
    for way in ("password", "email_code"):
        client.post("/sign-in/prove/", {"way": way, "password": PASSWORD, "code": "12345678"})
        assert client.get("/security/").status_code == 302


def test_too_many_wrong_answers_start_the_sign_in_over(client: Client, customer: User, codes: list[str]) -> None:
    password_step(client, customer)
    wrong = {"way": "backup_code", "code": "AAAA-AAAA-AAAA-AAAA"}
    for _ in range(limits.current().factors.sign_in_attempts - 1):
        page = client.post("/sign-in/prove/", wrong)
        assert "This backup code is not right" in page.text
    assert client.post("/sign-in/prove/", wrong)["Location"] == "/sign-in/"
    assert client.post("/sign-in/prove/", {"way": "backup_code", "code": codes[0]})["Location"] == "/sign-in/"


def test_a_paused_app_says_how_long_and_the_backup_code_still_works(
    client: Client, customer: User, codes: list[str], seed: bytes
) -> None:
    password_step(client, customer)
    page = client.post("/sign-in/prove/", {"way": "totp", "code": "000000"})
    assert "This code is not right" in page.text
    for _ in range(7):
        with time_machine.travel(clock.now() + timedelta(minutes=3), tick=False):
            client.post("/sign-in/prove/", {"way": "totp", "code": "000000"})
    page = client.post("/sign-in/prove/", {"way": "totp", "code": code_of(seed)})
    assert page.status_code == 429
    assert int(page["Retry-After"]) > 0
    assert "Please wait" in page.text
    assert client.post("/sign-in/prove/", {"way": "backup_code", "code": codes[0]}).status_code == 302


def test_nobody_is_at_the_second_step_without_the_first(client: Client) -> None:
    assert client.get("/sign-in/prove/")["Location"] == "/sign-in/"
    assert client.post("/sign-in/prove/", {"way": "totp", "code": "123456"})["Location"] == "/sign-in/"
    assert client.post("/sign-in/prove/passkey/begin/").status_code == 409


# Signing in with a passkey alone


def passkey_sign_in(client: Client, key: SoftAuthenticator, **more: str) -> Any:
    begun = client.post("/sign-in/passkey/begin/").json()
    sent = {"ceremony": begun["ceremony"], "credential": key.get(begun["options"])} | more
    return client.post("/sign-in/passkey/", sent)


def test_a_passkey_alone_signs_in(client: Client, customer: User, key: SoftAuthenticator) -> None:
    assert passkey_sign_in(client, key, next="/profile/")["Location"] == "/profile/"
    session = session_of(client)
    assert (session.customer, session.level, session.methods) == (customer, Level.PHR, ["passkey"])


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_a_passkey_sign_in_goes_nowhere_else(client: Client, key: SoftAuthenticator, target: str) -> None:
    assert passkey_sign_in(client, key, next=target)["Location"] == "/"


def test_a_passkey_of_a_closed_account_reads_like_any_failure(
    client: Client, customer: User, key: SoftAuthenticator
) -> None:
    User.objects.update(is_active=False)
    assert passkey_sign_in(client, key)["Location"].startswith("/sign-in/")
    assert "portal_session" not in client.session


def test_a_failed_passkey_leads_back_to_the_door(client: Client, key: SoftAuthenticator) -> None:
    key.verifies = False
    answer = passkey_sign_in(client, key, next="/profile/")
    assert answer["Location"] == "/sign-in/?next=%2Fprofile%2F"
    assert "That passkey did not work here" in client.get(answer["Location"]).text
    assert client.post("/sign-in/passkey/", {"credential": "x"})["Location"] == "/sign-in/"
    key.verifies = True
    begun = client.post("/sign-in/passkey/begin/").json()
    sent = {"ceremony": begun["ceremony"], "credential": key.get(begun["options"])}
    assert client.post("/sign-in/passkey/", sent).status_code == 302
    assert Client().post("/sign-in/passkey/", sent)["Location"] == "/sign-in/"


def test_beginning_is_limited_per_network_address(client: Client) -> None:
    for _ in range(limits.current().sign_in.attempts_per_address_per_minute):
        assert client.post("/sign-in/passkey/begin/").status_code == 200
    assert client.post("/sign-in/passkey/begin/").status_code == 429


# Proving more while signed in


@pytest.mark.control("63B 4.1.2.1/b", "v5.0.0-7.2.4")
def test_stepping_up_with_the_app_leads_back_with_a_new_session_key(
    sign_in: SignIn, customer: User, seed: bytes
) -> None:
    client = sign_in(customer)
    ref = asked(client, "/security/backup-codes/")
    assert "authenticator app" in client.get(f"/prove/?ref={ref}").text
    before = client.cookies["session"].value
    sent = {"way": "totp", "code": code_of(seed), "ref": ref}
    assert client.post("/prove/", sent)["Location"] == "/security/backup-codes/"
    assert client.cookies["session"].value != before
    assert session_of(client).level == Level.AAL2
    assert client.get("/security/backup-codes/").status_code == 200
    stolen = Client()
    stolen.cookies["session"] = before
    assert stolen.get("/security/").status_code == 302


@pytest.mark.control("63B 3.1.3.1/email")
def test_a_stale_password_session_proves_again_by_its_password_alone(
    sign_in: SignIn, customer: User, outbox: Outbox
) -> None:
    client = sign_in(customer)
    Session.objects.update(level_at=clock.now() - timedelta(hours=1))
    ref = {"ref": asked(client, "/security/app/add/")}
    page = client.get("/prove/", ref)
    assert "Type your password" in page.text
    assert "Get a code by mail" not in page.text
    client.post("/prove/code/", ref)
    assert outbox() == []
    wrong = client.post("/prove/", {"way": "password", "password": "not this one at all"} | ref)
    assert "This is not your password" in wrong.text
    sent = {"way": "password", "password": PASSWORD} | ref
    assert client.post("/prove/", sent)["Location"] == "/security/app/add/"


def test_a_stale_session_that_is_challenged_proves_by_password_and_code(
    sign_in: SignIn, customer: User, outbox: Outbox
) -> None:
    client, old = sign_in(customer), clock.now() - timedelta(hours=1)
    Session.objects.update(level_at=old, auth_time=old, risk=Risk.MODERATE)
    ref = {"ref": asked(client, "/security/password/")}
    assert "Type your password" in client.get("/prove/", ref).text
    client.post("/prove/code/", ref)
    assert outbox() == []
    onward = client.post("/prove/", {"way": "password", "password": PASSWORD} | ref)["Location"]
    proven_at = session_of(client).auth_time
    assert proven_at > old
    assert client.get("/security/password/").status_code == 302
    assert "We can send a code" in client.get(onward).text
    client.post("/prove/code/", ref)
    (mail,) = outbox()
    assert "This code is not right" in client.post("/prove/", {"way": "email_code", "code": "00000000"} | ref).text
    sent = {"way": "email_code", "code": mail.words["code"]}
    assert client.post("/prove/", sent | ref)["Location"] == "/security/password/"
    session = session_of(client)
    assert (session.auth_time, session.level_at) == (proven_at, proven_at)  # the code moved neither
    assert client.get("/security/password/").status_code == 200
    Session.objects.update(challenged_at=old)
    ref = {"ref": asked(client, "/security/password/")}
    assert client.post("/prove/", sent | ref).status_code == 200  # the code is spent


@pytest.mark.control("v5.0.0-6.6.2")
def test_a_mailed_code_works_only_in_the_session_that_asked(sign_in: SignIn, customer: User, outbox: Outbox) -> None:
    here, there = sign_in(customer, on=Client()), sign_in(customer, on=Client())
    Session.objects.update(risk=Risk.MODERATE)
    refs = [{"ref": asked(client, "/security/password/")} for client in (here, there)]
    here.post("/prove/code/", refs[0])
    (mail,) = [mail for mail in outbox() if mail.kind == "code_to_prove"]
    sent = {"way": "email_code", "code": mail.words["code"]}
    assert there.post("/prove/", sent | refs[1]).status_code == 200
    assert here.post("/prove/", sent | refs[0]).status_code == 302


def test_no_mail_code_for_who_has_a_second_factor(sign_in: SignIn, customer: User, seed: bytes, outbox: Outbox) -> None:
    client = sign_in(customer, *STRONG)
    Session.objects.update(level_at=clock.now() - timedelta(hours=1))
    ref = {"ref": asked(client, "/security/app/remove/")}
    client.post("/prove/code/", ref)
    assert outbox() == []
    main = client.get("/prove/", ref).text.split("<main")[1].split("</main")[0]
    assert not re.search("by mail|from the mail|/prove/code/", main)


def test_the_password_does_not_make_an_old_second_factor_fresh(sign_in: SignIn, customer: User, seed: bytes) -> None:
    client = sign_in(customer, *STRONG)
    Session.objects.update(level_at=clock.now() - timedelta(hours=1))
    ref = asked(client, "/security/app/remove/")
    client.post("/prove/", {"way": "password", "password": PASSWORD, "ref": ref})
    assert client.get("/security/app/remove/").status_code == 302


def test_a_paused_lane_also_pauses_the_password_here(sign_in: SignIn, customer: User) -> None:
    client = sign_in(customer)
    Session.objects.update(level_at=clock.now() - timedelta(hours=1))
    ref = {"ref": asked(client, "/security/app/add/")}
    page = client.get("/prove/", ref)
    for _ in range(limits.current().sign_in.device_failures + 1):
        page = client.post("/prove/", {"way": "password", "password": "not this one at all"} | ref)
    assert page.status_code == 429
    assert client.post("/prove/", {"way": "password", "password": PASSWORD} | ref).status_code == 429


def test_a_level_out_of_reach_says_which_factor_to_add(sign_in: SignIn, customer: User) -> None:
    page = sign_in(customer).get("/prove/?next=/staff/")
    assert "Your account needs another sign-in method first" in page.text
    assert "/security/passkeys/add/" in page.text


def test_whoever_has_proven_enough_is_sent_on(sign_in: SignIn, customer: User, seed: bytes) -> None:
    client = sign_in(customer, *STRONG)
    assert client.get("/prove/?next=/profile/")["Location"] == "/profile/"
    assert client.get("/prove/")["Location"] == "/security/"


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:1", "x"])
def test_proving_leads_nowhere_else(sign_in: SignIn, customer: User, seed: bytes, target: str) -> None:
    client = sign_in(customer)
    answer = client.post("/prove/", {"way": "totp", "code": code_of(seed), "next": target})
    assert answer["Location"] == "/security/"


def test_a_passkey_steps_up_and_a_wrong_one_stays_on_the_page(
    sign_in: SignIn, customer: User, key: SoftAuthenticator
) -> None:
    client = sign_in(customer)
    ref = {"ref": asked(client, "/security/app/add/")}
    key.verifies = False
    for expected in (200, 302):
        begun = client.post("/prove/passkey/begin/").json()
        sent = {"way": "passkey", "ceremony": begun["ceremony"], "credential": key.get(begun["options"])}
        page = client.post("/prove/", sent | ref)
        assert page.status_code == expected
        key.verifies = True
    assert client.get("/security/app/add/").status_code == 200
    assert client.post("/prove/", {"way": "passkey"}).status_code == 302


# The pages


@pytest.mark.control("63B 3.1.2.1/deliver")
def test_an_app_is_added_and_then_backup_codes_are_offered(sign_in: SignIn, customer: User, outbox: Outbox) -> None:
    client = sign_in(customer)
    page = client.get("/security/app/add/")
    secret = page.context["secret"]
    assert 'src="data:image/svg+xml' in page.text
    assert client.get("/security/app/add/").context["secret"] == secret
    assert "not right" in client.post("/security/app/add/", {"code": "000000"}).text
    assert "digits" in client.post("/security/app/add/", {"code": "12x456"}).text
    seed = b32decode(secret.replace(" ", ""))
    stored = str(client.session.items())
    assert seed.hex() not in stored
    assert secret.replace(" ", "") not in stored
    shown = code_of(seed)
    answer = client.post("/security/app/add/", {"code": f"{shown[:3]} {shown[3:]}"})
    assert answer["Location"] == "/security/backup-codes/"
    assert session_of(client).level == Level.AAL2
    assert "Make 10 codes" in client.get("/security/backup-codes/").text
    assert client.get("/security/backup-codes/new/")["Location"] == "/security/backup-codes/"
    made = client.post("/security/backup-codes/new/", follow=True)
    assert made.redirect_chain == [("/security/backup-codes/new/", 302)]
    assert made["Cache-Control"] == "no-store"
    assert len(made.context["codes"]) == 10
    assert made.context["codes"][0] in made.text
    # loaded again it makes no others; nobody else sees them, nor can they be read in the cache
    assert client.get("/security/backup-codes/new/").context["codes"] == made.context["codes"]
    assert AuditEntry.objects.filter(name="factor.backup_codes_made").count() == 1
    other = sign_in(User.objects.get(pk=customer.pk), Method.PASSWORD, Method.TOTP, on=Client())
    assert other.get("/security/backup-codes/new/")["Location"] == "/security/backup-codes/"
    sealed = cache.get(f"new-backup-codes:{session_of(client).pk}")
    assert made.context["codes"][0] not in sealed
    cache.clear()
    assert client.get("/security/backup-codes/new/")["Location"] == "/security/backup-codes/"
    assert "10 of 10 left" in client.get("/security/").text
    assert client.get("/security/app/add/")["Location"] == "/security/"
    assert {mail.kind for mail in outbox()} == {"factor_added", "factor_backup_codes_made"}


def test_a_passkey_is_renamed_and_removed_by_its_owner_only(
    sign_in: SignIn, customer: User, key: SoftAuthenticator
) -> None:
    number = Passkey.objects.get().credential_id_sha256
    stranger = sign_in(factories.customer(), Method.PASSKEY, on=Client())
    for page in ("rename", "remove"):
        assert stranger.get(f"/security/passkeys/{number}/{page}/").status_code == 404
    client = sign_in(customer, Method.PASSKEY)
    assert client.post(f"/security/passkeys/{number}/rename/", {"name": "  My\tphone "}).status_code == 302
    assert Passkey.objects.get().name == "My phone"
    assert client.post(f"/security/passkeys/{number}/rename/", {"name": "x" * 65}).status_code == 200
    assert "Phishing-resistant" in client.get("/security/").text
    assert "only your password" in client.get(f"/security/passkeys/{number}/remove/").text
    assert client.post(f"/security/passkeys/{number}/remove/")["Location"] == "/security/"
    assert not Passkey.objects.exists()
    assert client.get("/security/").status_code == 200


def test_the_app_is_removed_after_a_question(sign_in: SignIn, customer: User, codes: list[str]) -> None:
    client = sign_in(customer, *STRONG)
    assert "last second step" in client.get("/security/app/remove/").text
    assert client.post("/security/app/remove/")["Location"] == "/security/"
    assert bound.second_factors(customer) == frozenset()
    assert client.post("/security/app/remove/")["Location"] == "/security/"
    assert "Add one of those first" in client.get("/security/").text


def test_a_passkey_that_was_not_made_changes_nothing(sign_in: SignIn, customer: User) -> None:
    client = sign_in(customer)
    for sent in ({"name": "x"}, {"name": "x", "ceremony": "y", "credential": "{}"}):
        assert "Nothing was changed" in client.post("/security/passkeys/add/", sent).text
    assert not Passkey.objects.exists()


@pytest.mark.parametrize("method", ["get", "put"])
@pytest.mark.parametrize("path", ["/prove/code/", "/prove/passkey/begin/", "/security/passkeys/add/begin/"])
def test_what_changes_something_takes_post_only(sign_in: SignIn, customer: User, path: str, method: str) -> None:
    assert getattr(sign_in(customer), method)(path).status_code == 405


def test_the_security_page_costs_few_queries(
    sign_in: SignIn, customer: User, codes: list[str], django_assert_max_num_queries: Any
) -> None:
    client = sign_in(customer, *STRONG)
    with django_assert_max_num_queries(12):  # of a new account, what may lift its limits too
        assert client.get("/security/").status_code == 200
    User.objects.update(created_at=clock.now() - timedelta(days=120))
    with django_assert_max_num_queries(7):
        assert client.get("/security/").status_code == 200


def test_a_page_of_ours_names_the_reason(sign_in: SignIn, customer: User, seed: bytes, by: Actor) -> None:
    client = sign_in(customer)
    ref = asked(client, "/security/app/remove/")
    assert gate.Reason.PROVE_MORE.words in client.get(f"/prove/?ref={ref}").text
    assert "Please show once more" in client.get("/prove/").text


def test_whoever_has_only_a_password_is_told_which_factors_would_do(sign_in: SignIn) -> None:
    agent = factories.customer()
    staff_flows.grant_role(agent, Role.AGENT, by=Actor.system(), at=clock.now())
    page = sign_in(User.objects.get(pk=agent.pk), Method.PASSWORD).get("/staff/", follow=True).text
    assert "asks for two steps, and your account has only a password" in page
    assert "Add an authenticator app" in page


def way_shown(page: Any) -> str:
    """The way that a page for the second step begins with."""
    return "totp" if 'value="totp"' in page.text else "passkey" if "data-begin" in page.text else "backup_code"


@pytest.mark.parametrize("last", [Method.TOTP, Method.PASSKEY])
def test_the_way_that_was_used_last_comes_first(
    client: Client, customer: User, key: SoftAuthenticator, seed: bytes, last: Method
) -> None:
    for method in (Method.PASSKEY, Method.TOTP, last):
        with time_machine.travel(clock.now() + timedelta(seconds=1)):
            factories.signed_in(Client(), customer, (Method.PASSWORD, method))
    password_step(client, customer)
    page = client.get("/sign-in/prove/")
    assert way_shown(page) == last.value
    assert page.text.index("Other ways") < page.text.index("Trouble?")
    other = {Method.TOTP: "passkey", Method.PASSKEY: "totp"}[last]
    assert way_shown(client.get(f"/sign-in/prove/?way={other}")) == other


def test_what_was_used_in_this_browser_comes_before_what_was_used_elsewhere(
    client: Client, customer: User, key: SoftAuthenticator, seed: bytes
) -> None:
    here = factories.signed_in(client, customer, (Method.PASSWORD, Method.TOTP))
    with time_machine.travel(clock.now() + timedelta(seconds=1)):
        factories.signed_in(Client(), customer, (Method.PASSWORD, Method.PASSKEY))
    client.post("/sign-out/")
    assert here.device is not None
    password_step(client, customer)
    assert way_shown(client.get("/sign-in/prove/")) == "totp"


def test_a_backup_code_that_was_used_once_does_not_become_the_usual_way(
    client: Client, customer: User, key: SoftAuthenticator, codes: list[str]
) -> None:
    factories.signed_in(Client(), customer, (Method.PASSWORD, Method.BACKUP_CODE))
    password_step(client, customer)
    assert way_shown(client.get("/sign-in/prove/")) == "passkey"
