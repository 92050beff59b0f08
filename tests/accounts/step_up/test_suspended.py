"""A request that needs more proof waits, and is gone on with once, by a button; two tabs do not mix."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import time_machine
from django.core.cache import cache
from django.forms import Form
from django.test import Client
from django_otp.oath import totp as code_at

from accounts.factors import verifier as factors
from accounts.models import BackupCode, Passkey, Session, Totp, User
from accounts.step_up import decorators, suspended
from ciam_portal.core import clock
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.crypto import vault
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Level, Method
from ciam_portal.core.policy.decision import Risk
from tests import factories
from tests.factories import PASSWORD, Message

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
Outbox = Callable[[], list[Message]]
NEW = "new.address@example.com"


@pytest.fixture
def tired(sign_in: SignIn, customer: User) -> Client:
    """A browser of the customer whose proof is an hour old."""
    client = sign_in(customer)
    age()
    return client


def age() -> None:
    Session.objects.update(level_at=clock.now() - timedelta(hours=1), challenged_at=clock.now() - timedelta(hours=1))


def ref_of(answer: Any) -> str:
    assert answer.status_code == 302
    assert answer["Location"].startswith("/prove/?ref=")
    return str(answer["Location"].split("=")[1])


def prove(client: Client, ref: str, **way: str) -> Any:
    return client.post("/prove/", ({"way": "password", "password": PASSWORD} | way) | {"ref": ref})


def ask_change(client: Client, email: str = NEW) -> str:
    return ref_of(client.post("/security/email/", {"email": email, "password": "a secret", "code": "123456"}))


def owner_of(session: Session) -> str:
    return f"{session.customer_id}:{session.pk}"


def button(page: Any) -> tuple[str, dict[str, str]]:
    """Where the one button of the page leads, and what it sends."""
    form = page.text.split("<main")[1].split("</main")[0]
    assert form.count("<form") == 1
    action = re.search(r'<form[^>]* action="([^"]*)"', form)
    assert action
    sent = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    assert set(sent) == {"csrfmiddlewaretoken", "resume"}
    return action.group(1).replace("&amp;", "&"), {"resume": sent["resume"]}


def test_a_form_waits_for_the_proof_and_is_sent_by_a_button_only(tired: Client, customer: User, outbox: Outbox) -> None:
    ref = ask_change(tired)
    assert NEW not in tired.get(f"/prove/?ref={ref}").text
    leads_to = prove(tired, ref)["Location"]
    assert leads_to == f"/prove/go-on/?ref={ref}"
    tired.get(leads_to)  # to look at it does nothing, however often
    for page in (tired.get(leads_to), tired.get(leads_to)):
        assert page.status_code == 200
        assert "Ask for the new email address?" in page.text
        assert "Nothing has been done yet" in page.text
        assert NEW in page.text
    assert outbox() == []
    assert tired.post(*button(tired.get(leads_to))).status_code == 200
    assert [(mail.kind, mail.to) for mail in outbox()] == [
        ("email_change_started", customer.email),
        ("confirm_your_new_address", NEW),
    ]


def test_a_second_use_is_answered_clearly_and_does_nothing(tired: Client, outbox: Outbox) -> None:
    ref = ask_change(tired)
    page = tired.get(prove(tired, ref)["Location"])
    path, sent = button(page)
    tired.post(path, sent)
    before = len(outbox())
    for answer in (tired.post(path, sent), tired.get(f"/prove/go-on/?ref={ref}"), tired.get(f"/prove/?ref={ref}")):
        assert answer.status_code == 410
        assert "This was done or has expired" in answer.text
    assert len(outbox()) == before


def test_the_button_needs_the_token_against_forgery(tired: Client, outbox: Outbox) -> None:
    ref = ask_change(tired)
    prove(tired, ref)
    strict = Client(enforce_csrf_checks=True, HTTP_USER_AGENT=factories.FIREFOX)
    strict.cookies = tired.cookies
    assert strict.post("/security/email/", {"resume": ref}).status_code == 403
    assert outbox() == []


def test_only_declared_fields_are_kept_and_sealed(tired: Client, customer: User) -> None:
    ref = ask_change(tired)
    owner = owner_of(Session.objects.get())
    stored = cache.get(suspended._key(owner, ref))
    assert NEW not in str(stored)
    opened = vault.unseal(stored["sealed"], suspended._context(owner, "/security/email/"))
    assert json.loads(opened) == {"email": [NEW]}
    with pytest.raises(vault.CannotOpen):
        vault.unseal(stored["sealed"], suspended._context(owner, "/security/password/"))
    assert ref not in str(tired.session.items())


@pytest.mark.parametrize("name", ["password", "password1", "code", "csrfmiddlewaretoken", "credential", "ceremony"])
def test_no_view_can_declare_a_secret(name: str) -> None:
    with pytest.raises(ValueError, match="never kept"):
        decorators.resumable("Do it", Form, name)


def test_a_password_form_is_never_kept(tired: Client, customer: User) -> None:
    ref = ref_of(tired.post("/security/password/", {"password": "an otter reads the tide table"}))
    assert "sealed': None" in str(cache.get(suspended._key(owner_of(Session.objects.get()), ref)))
    assert prove(tired, ref)["Location"] == "/security/password/"
    assert "Nothing has been done yet" in tired.get("/security/password/").text
    customer.refresh_from_db()
    assert customer.check_password(PASSWORD)


def test_what_is_too_large_is_asked_for_again(tired: Client) -> None:
    ref = ask_change(tired, "x" * 5000 + "@example.com")
    assert prove(tired, ref)["Location"] == "/security/email/"


def test_what_waits_too_long_is_gone(tired: Client, outbox: Outbox) -> None:
    ref = ask_change(tired)
    life = limits.current().session.suspended_minutes * 60
    assert life <= 600
    key, shared = suspended._key(owner_of(Session.objects.get()), ref), cast("Any", cache)
    assert shared._cache.get_client().ttl(shared.make_key(key)) in range(life - 5, life + 1)
    cache.delete(key)
    assert prove(tired, ref).status_code == 410
    assert outbox() == []


@pytest.mark.control("v5.0.0-7.2.4")
def test_two_tabs_step_up_at_once_and_keep_their_work(tired: Client, customer: User, outbox: Outbox) -> None:
    one, two = ask_change(tired, "one@example.com"), ask_change(tired, "two@example.com")
    three = ref_of(tired.get("/security/app/add/"))
    before = tired.cookies["session"].value
    leads_to = prove(tired, one)["Location"]
    assert tired.cookies["session"].value != before  # the key changed, for every tab of this browser
    assert tired.get(f"/prove/?ref={two}")["Location"] == f"/prove/go-on/?ref={two}"  # one proof serves both
    assert prove(tired, three)["Location"] == "/security/app/add/"
    second = button(tired.get(f"/prove/go-on/?ref={two}"))
    first = button(tired.get(leads_to))
    tired.post(*second)
    tired.post(*first)
    sent = [mail.to for mail in outbox() if mail.kind == "confirm_your_new_address"]
    assert sent == ["two@example.com", "one@example.com"]


def test_the_proof_sent_again_loosens_nothing(tired: Client, customer: User, outbox: Outbox) -> None:
    Session.objects.update(risk=Risk.MODERATE, level_at=clock.now())
    ref = ref_of(tired.get("/security/password/"))
    tired.post("/prove/code/", {"ref": ref})
    code = outbox()[-1].words["code"]
    assert prove(tired, ref, way="email_code", code=code)["Location"] == "/security/password/"
    assert prove(tired, ref, way="email_code", code=code).status_code == 410
    age()
    again = ref_of(tired.get("/security/password/"))
    assert prove(tired, again)["Location"] == f"/prove/?ref={again}"
    assert prove(tired, again, way="email_code", code=code).status_code == 200  # the code is spent
    assert ref_of(tired.get("/security/password/"))
    assert prove(tired, ref, way="password", password=PASSWORD).status_code == 410
    assert ref_of(tired.get("/security/password/"))


def test_a_reference_belongs_to_one_session(tired: Client, sign_in: SignIn, customer: User, outbox: Outbox) -> None:
    ref = ask_change(tired)
    prove(tired, ref)
    for other in (sign_in(customer, on=Client()), sign_in(factories.customer(), on=Client())):
        assert other.get(f"/prove/?ref={ref}").status_code == 410
        assert other.get(f"/prove/go-on/?ref={ref}").status_code == 410
        assert other.post("/security/email/", {"resume": ref}).status_code == 410
    tired.post("/sign-out/")
    sign_in(customer, on=tired)
    assert tired.post("/security/email/", {"resume": ref}).status_code == 410
    assert outbox() == []


def test_a_reference_belongs_to_one_path(tired: Client, customer: User, outbox: Outbox) -> None:
    ref = ask_change(tired)
    prove(tired, ref)
    for path in ("/profile/", "/security/app/remove/", "/security/email/?x=1"):
        assert tired.post(path, {"resume": ref}).status_code == 410
    assert tired.post("/security/email/", {"resume": ref}).status_code == 200  # it was not used up by the others
    assert outbox()[-1].to == NEW


@pytest.mark.parametrize("ref", ["", "x", "0" * 43, "../" * 40, "é", "1" * 5000])
def test_an_invented_reference_opens_nothing(tired: Client, customer: User, ref: str) -> None:
    forged = {"ref": ref}
    page = tired.get("/prove/", forged)
    assert page.status_code == (410 if ref else 200)
    assert tired.get("/prove/go-on/", forged).status_code == 410
    assert tired.post("/prove/", forged | {"way": "password", "password": PASSWORD}).status_code in {200, 410}
    assert tired.post("/prove/code/", forged).status_code in {302, 410}
    assert ref_of(tired.get("/security/email/"))
    if ref:
        assert tired.post("/security/email/", {"resume": ref}).status_code == 410


def test_the_view_asks_again_when_the_button_comes_late(tired: Client, outbox: Outbox) -> None:
    ref = ask_change(tired)
    path, sent = button(tired.get(prove(tired, ref)["Location"]))
    age()
    again = ref_of(tired.post(path, sent))
    assert again != ref
    path, sent = button(tired.get(prove(tired, again)["Location"]))
    assert tired.post(path, sent).status_code == 200
    assert outbox()[-1].to == NEW


def test_a_form_with_a_fault_comes_back_on_its_own_page(tired: Client) -> None:
    ref = ask_change(tired, "not an address")
    path, sent = button(tired.get(prove(tired, ref)["Location"]))
    page = tired.post(path, sent)
    assert page.request["PATH_INFO"] == "/security/email/"
    assert "Error:" in page.text
    assert 'value="not an address"' in page.text


def test_a_new_phone_number_asks_and_the_rest_of_the_profile_is_kept(tired: Client, customer: User) -> None:
    form = {"name": "Ada", "phone": "+47 22 85 50 50", "locale": "en", "timezone": "Europe/Oslo"}
    ref = ref_of(tired.post("/profile/", form))
    page = tired.get(prove(tired, ref)["Location"])
    for words in ("Save your profile?", "Ada", "+47 22 85 50 50", "English", "Europe/Oslo"):
        assert words in page.text
    assert tired.post(*button(page))["Location"] == "/profile/"
    customer.refresh_from_db()
    assert (customer.name, customer.phone) == ("Ada", "+4722855050")


def app_of(customer: User) -> None:
    seed, at = factors.new_seed(), clock.now() - timedelta(minutes=1)
    assert factors.add_app(customer, seed, f"{code_at(seed, t0=60):06d}", at)


def test_factors_wait_too(sign_in: SignIn, customer: User) -> None:
    app_of(customer)
    Passkey.objects.create(
        user=customer, name="Old <phone>", confirmed=True, credential_id=b"1", public_key=b"1",
        credential_id_sha256=Passkey.get_credential_id_sha256(b"1"), sign_count=0, aaguid="0" * 32,
    )  # fmt: skip
    number = Passkey.objects.get().credential_id_sha256
    client = sign_in(customer, Method.PASSWORD, Method.PASSKEY)
    session = Session.objects.get()
    paths = {
        "/security/backup-codes/new/": "Make new backup codes?",
        "/security/app/remove/": "Remove your authenticator app?",
        f"/security/passkeys/{number}/remove/": "Remove the passkey “Old &lt;phone&gt;”?",
    }
    assert session.level == Level.PHR
    age()
    refs = [ref_of(client.post(path)) for path in paths]
    Session.objects.update(level_at=clock.now())  # the passkey was shown
    for ref, (path, words) in zip(refs, paths.items(), strict=True):
        page = client.get(client.get(f"/prove/?ref={ref}")["Location"])
        assert words in page.text
        to, sent = button(page)
        assert to == path
        client.post(to, sent)
        Session.objects.update(level_at=clock.now(), challenged_at=clock.now())
    assert BackupCode.objects.filter(customer=customer).exists() is False  # they went with the last factor
    assert AuditEntry.objects.filter(name="factor.backup_codes_made").count() == 1
    assert not Passkey.objects.exists()
    assert not Totp.objects.exists()


def test_endless_requests_are_not_kept(tired: Client) -> None:
    for _ in range(suspended._MOST):
        tired.get("/security/email/")
    assert tired.get("/security/email/").status_code == 429


def test_the_query_comes_along(tired: Client) -> None:
    ref = ref_of(tired.get("/security/email/?" + urlencode({"a": "b c"})))
    assert prove(tired, ref)["Location"] == "/security/email/?a=b+c"


def test_a_proof_from_the_future_is_not_fresh(sign_in: SignIn, customer: User) -> None:
    client = sign_in(customer)
    ahead = clock.now() + timedelta(minutes=5)
    Session.objects.update(level_at=ahead, challenged_at=ahead, auth_time=ahead)
    assert ref_of(client.get("/security/email/"))
    with time_machine.travel(ahead + timedelta(seconds=1), tick=False):
        assert client.get("/security/email/").status_code == 200


def test_a_challenge_passed_in_the_future_is_not_passed(sign_in: SignIn, customer: User) -> None:
    client = sign_in(customer)
    Session.objects.update(risk=Risk.MODERATE, challenged_at=clock.now() + timedelta(minutes=5))
    ref = ref_of(client.get("/security/email/"))
    assert "Get a code" not in client.get(f"/prove/?ref={ref}").text  # the mail is the only way
    assert "Send me a code" in client.get(f"/prove/?ref={ref}").text
    assert prove(client, ref).status_code == 200  # a password is no answer to a challenge
    Session.objects.update(challenged_at=clock.now())
    assert client.get("/security/email/").status_code == 200


def test_what_was_typed_outlives_the_idle_end_of_the_session(sign_in: SignIn, customer: User) -> None:
    browser = sign_in(customer)
    Session.objects.update(last_used_at=clock.now() - timedelta(days=1))
    answer = browser.post("/profile/", {"name": "Ada of the Harbour", "locale": "en", "timezone": "Europe/Berlin"})
    assert answer.status_code == 302
    back = parse_qs(urlsplit(answer["Location"]).query)["next"][0]
    assert answer["Location"].startswith("/sign-in/")
    assert back.startswith("/prove/go-on/?ref=")
    somebody_else = sign_in(factories.customer(), on=Client())
    assert somebody_else.get(back).status_code == 410
    page = sign_in(customer, on=browser).get(back)
    assert "Ada of the Harbour" in page.text
    assert "from a page that was too old" in page.text
    customer.refresh_from_db()
    assert customer.name != "Ada of the Harbour"
    browser.post(*button(page))
    customer.refresh_from_db()
    assert customer.name == "Ada of the Harbour"
    assert browser.post(*button(page)).status_code == 410


def test_a_form_with_secrets_is_typed_anew_after_signing_in(sign_in: SignIn, customer: User) -> None:
    browser = sign_in(customer)
    Session.objects.update(last_used_at=clock.now() - timedelta(days=1))
    for path, before, after in (
        ("/security/password/", "/security/", "%2Fsecurity%2F"),
        ("/sessions/end-others/", "/sessions/", "%2Fsessions%2F"),  # a button only, never an address to go to
        ("/sessions/end-others/", "", "/"),
    ):
        came_from = {"referer": f"http://testserver{before}"} if before else {}
        answer = browser.post(path, {"password": PASSWORD}, headers=came_from)
        assert answer["Location"] in {f"/sign-in/?next={after}", f"/sign-in/?next={after.replace('%2F', '/')}"}


def of_an_old_page(browser: Client, headers: dict[str, str]) -> Any:
    """A form of ours, sent after the token of its page had been changed by signing in elsewhere."""
    browser.handler.enforce_csrf_checks = True
    fields = {"csrfmiddlewaretoken": "x" * 64, "name": "Ada of the Harbour", "locale": "en", "timezone": "UTC"}
    return browser.post("/profile/", fields, headers=headers)


def test_a_form_from_before_a_sign_in_in_another_tab_is_shown_and_asked_about(sign_in: SignIn, customer: User) -> None:
    browser = sign_in(customer)
    answer = of_an_old_page(browser, {"origin": "http://testserver"})
    assert answer["Location"].startswith("/prove/go-on/?ref=")
    assert "Ada of the Harbour" in browser.get(answer["Location"]).text
    customer.refresh_from_db()
    assert customer.name != "Ada of the Harbour"


@pytest.mark.parametrize("origin", [{}, {"origin": "https://evil.example"}, {"origin": "null"}], ids=str)
def test_a_form_from_elsewhere_is_not(sign_in: SignIn, customer: User, origin: dict[str, str]) -> None:
    answer = of_an_old_page(sign_in(customer), origin)
    assert answer.status_code == 403
    assert "This page has expired" in answer.text


def test_the_address_of_a_button_has_a_page(sign_in: SignIn, customer: User) -> None:
    browser = sign_in(customer)
    answer = browser.get("/sessions/end-others/", HTTP_REFERER="http://testserver/sessions/?page=2")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "There is no page here" in answer.text
    assert 'href="/sessions/?page=2"' in answer.text
    for elsewhere in ("https://evil.example/", "http://testserver/sessions/end-others/", "//evil.example/", "x"):
        assert 'class="button" href="/"' in browser.get("/sessions/end-others/", HTTP_REFERER=elsewhere).text
    assert "<h1>" not in browser.get("/oauth/token/").text
