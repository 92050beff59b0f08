"""After a password reset a factor that was there before must succeed once before anything about factors changes.

No fact of its own holds this: a reset ends every session, and what changes factors, addresses or codes needs the most
that the customer can prove. The tests walk every such action through every door that a reset leaves.
"""

import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.factors import verifier as factors
from accounts.models import Passkey, Session, Totp, User
from accounts.step_up import facts
from ciam_portal.core import clock, gate
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Assurance, Level, Method
from ciam_portal.core.policy.catalogue import RESTS_ON_FACTORS, Action, Needs
from ciam_portal.core.policy.decision import Allow, Risk
from recovery.models import RecoveryAddress
from tests import factories
from tests.accounts.factors.soft_authenticator import SoftAuthenticator
from tests.factories import FIREFOX, outbox
from tests.recovery import steps
from tests.recovery.reset.test_reset import NEW, ask, set_new
from tests.undone import undone

pytestmark = pytest.mark.django_db

WEAK = {
    "password": (Method.PASSWORD,),
    "password and a mailed code": (Method.PASSWORD, Method.EMAIL_CODE),
}
PAGES: dict[str, tuple[str, dict[str, str] | None]] = {
    "the page to add an app": ("/security/app/add/", None),
    "adding an app": ("/security/app/add/", {"code": "123456"}),
    "the page to add a passkey": ("/security/passkeys/add/", None),
    "the passkey dialog": ("/security/passkeys/add/begin/", {}),
    "adding a passkey": ("/security/passkeys/add/", {"name": "x", "ceremony": "x", "credential": "{}"}),
    "removing the app": ("/security/app/remove/", {}),
    "removing a passkey": ("/security/passkeys/{passkey}/remove/", {}),
    "the page of backup codes": ("/security/backup-codes/", None),
    "making backup codes": ("/security/backup-codes/new/", {}),
    "the page to change the address": ("/security/email/", None),
    "changing the address": ("/security/email/", {"email": "thief@example.com"}),
    "the phone": ("/profile/", {"name": "", "phone": "+4799999999", "locale": "en", "timezone": "UTC"}),
    "one more recovery address": ("/security/recovery/add/mail/", {"email": "thief@example.com"}),
    "one more recovery phone": ("/security/recovery/add/sms/", {"phone": "+4799999999"}),
    "the code of a recovery address": ("/security/recovery/confirm/", {"code": "00000000"}),
    "removing a recovery address": ("/security/recovery/{address}/remove/", {}),
    "one more password": ("/security/password/", {"password": "an otter reads the tide table"}),
}


@pytest.fixture
def key(customer: User, sign_in: Callable[..., Client]) -> SoftAuthenticator:
    """A passkey, bound long before."""
    made, browser = SoftAuthenticator(), sign_in(customer, on=Client())
    begun = browser.post("/security/passkeys/add/begin/").json()
    sent = {"name": "Key", "ceremony": begun["ceremony"], "credential": made.create(begun["options"])}
    browser.post("/security/passkeys/add/", sent)
    return made


@pytest.fixture
def codes(customer: User, key: SoftAuthenticator) -> list[str]:
    """Backup codes of a customer with a passkey, an app and a recovery phone, who has just reset the password."""
    steps.with_app(customer)
    steps.with_phone(customer)
    made = factors.make_backup_codes(customer, clock.now())
    browser = Client(headers={"user-agent": FIREFOX})
    ask(browser, customer.email)
    assert "new password is set" in set_new(browser, outbox()[-1].words["link"]).text
    customer.refresh_from_db()
    return made


def everything(customer: User) -> list[Any]:
    """All that a factor change would change."""
    customer.refresh_from_db()
    return [
        list(Totp.objects.order_by("pk").values()),
        list(Passkey.objects.order_by("pk").values_list("pk", "credential_id_sha256")),
        list(customer.backup_codes.values_list("pk", "used_at").order_by("pk")),
        list(RecoveryAddress.objects.order_by("pk").values()),
        (customer.email, customer.phone, customer.password),
    ]


def visit(browser: Client, customer: User, page: str) -> Any:
    path, sent = PAGES[page]
    passkey = Passkey.objects.get(user=customer).credential_id_sha256
    path = path.format(passkey=passkey, address=RecoveryAddress.objects.get(customer=customer).pk)
    return browser.get(path) if sent is None else browser.post(path, sent)


def is_refused(answer: Any) -> bool:
    """Led to proving, or on hold; never the page, never the deed."""
    return answer.status_code == 403 or str(answer.headers.get("Location", "")).startswith("/prove/")


# What a reset leaves


@pytest.mark.control("v5.0.0-6.4.3", "v5.0.0-7.5.1")
def test_a_reset_touches_no_factor_and_ends_whatever_was_proven(
    customer: User, key: SoftAuthenticator, sign_in: Callable[..., Client]
) -> None:
    steps.with_app(customer)
    steps.with_phone(customer)
    factors.make_backup_codes(customer, clock.now())
    strong = sign_in(customer, Method.PASSWORD, Method.TOTP, on=Client())
    before = everything(customer)
    browser = Client(headers={"user-agent": FIREFOX})
    ask(browser, customer.email)
    set_new(browser, outbox()[-1].words["link"])
    after = everything(customer)
    assert after[:4] == before[:4]
    assert after[4][2] != before[4][2]
    assert not Session.objects.filter(customer=customer, ended_at=None).exists()
    for client in (strong, browser):
        assert client.get("/security/").headers["Location"].startswith("/sign-in/")


# The doors


@pytest.mark.control("63B 4.2.2.2")
@pytest.mark.usefixtures("codes")
def test_the_new_password_and_the_mailbox_do_not_come_in(customer: User) -> None:
    browser = Client(headers={"user-agent": FIREFOX})
    answer = browser.post("/sign-in/", {"login": customer.email, "password": NEW})
    assert answer.headers["Location"] == "/sign-in/prove/"
    before = len(outbox())
    browser.post("/sign-in/prove/code/")
    browser.post("/sign-in/prove/", {"way": "email_code", "code": "00000000"})
    assert "Code from the mail" not in browser.get("/sign-in/prove/?way=email_code").text
    assert [mail.kind for mail in outbox()[before:] if "code" in mail.kind] == []
    assert browser.get("/security/").headers["Location"].startswith("/sign-in/")
    assert not Session.objects.filter(customer=customer, ended_at=None).exists()


@pytest.mark.control("v5.0.0-7.5.1", "63B 4.2.2.2")
@pytest.mark.usefixtures("codes")
@pytest.mark.parametrize("hours", [0, 73])
@pytest.mark.parametrize("door", WEAK)
def test_a_session_without_an_old_factor_changes_nothing_in_quarantine_and_after_it(
    customer: User, door: str, hours: int
) -> None:
    """Even if a weak session could be had after all: from a known browser, at low risk, by whichever door."""
    before = everything(customer)
    with time_machine.travel(clock.now() + timedelta(hours=hours, minutes=1), tick=True):
        browser = Client()
        factories.signed_in(browser, customer, WEAK[door])
        for page in PAGES:
            with undone():
                answer = visit(browser, customer, page)
                assert is_refused(answer), (answer.status_code, page)
                if str(answer.headers.get("Location", "")).startswith("/prove/"):
                    proving = browser.get(answer.headers["Location"]).text
                    assert "Code from the mail" not in proving, page
                assert everything(customer) == before, page
                assert not any(mail.to == "thief@example.com" for mail in outbox()), page


def come_in(browser: Client, factor: str, key: SoftAuthenticator, codes: list[str]) -> None:
    browser.post("/sign-in/", {"login": User.objects.get().email, "password": NEW})
    match factor:
        case "app":
            sent = {"way": "totp", "code": steps.code_at(steps.SEED, clock.now())}
        case "backup code":
            sent = {"way": "backup_code", "code": codes.pop()}
        case _:
            begun = browser.post("/sign-in/prove/passkey/begin/").json()
            sent = {"way": "passkey", "ceremony": begun["ceremony"], "credential": key.get(begun["options"])}
    assert browser.post("/sign-in/prove/", sent).headers["Location"] == "/"


@pytest.mark.parametrize("factor", ["app", "backup code", "passkey"])
def test_one_success_of_an_old_factor_opens_factor_changes_again(
    customer: User, key: SoftAuthenticator, codes: list[str], factor: str
) -> None:
    """What a quarantine holds stays held. The very first sign-in carries the risk of a browser nobody has seen yet."""
    if factor != "passkey":
        Passkey.objects.all().delete()
    browser = Client(headers={"user-agent": FIREFOX})
    with time_machine.travel(clock.now() + timedelta(minutes=1), tick=True):
        come_in(browser, factor, key, codes)
        browser.post("/sign-out/")
    with time_machine.travel(clock.now() + timedelta(minutes=3), tick=True):
        come_in(browser, factor, key, codes)
        assert browser.get("/security/backup-codes/").status_code == 200
        assert "codes" in browser.post("/security/backup-codes/new/", follow=True).context
        assert browser.get("/security/passkeys/add/").status_code == 200
        held = browser.post("/security/app/remove/")
        assert held.status_code == 403
        assert "Access to this account was restored" in held.text
        assert Totp.objects.filter(user=customer).exists()


# Why it is implied


def test_no_such_action_is_allowed_below_what_the_customer_can_prove(customer: User, by: Actor) -> None:
    at = clock.now()
    session = factories.signed_in(Client(), customer, (Method.PASSWORD,))
    weak = replace(
        facts.for_action(customer, session, by=by, at=at), challenged_at=at, assurance=Assurance(Level.AAL1, at)
    )
    risks = (Risk.LOW, Risk.MODERATE, Risk.HIGH)
    for action, highest, risk, trust in product(RESTS_ON_FACTORS, (Level.AAL2, Level.PHR), risks, gate.Trust):
        asked = replace(weak, highest=highest, standing=risk, device=trust)
        answer = gate.decide(action, asked, limits=limits.current(), at=at)
        assert not isinstance(answer, Allow), (action, highest, risk, trust)


@pytest.mark.parametrize("action", sorted(RESTS_ON_FACTORS))
@pytest.mark.parametrize("needs", [Needs.NOTHING, Needs.AAL1])
def test_no_policy_asks_for_less(action: Action, needs: Needs) -> None:
    tables = tomllib.loads(limits.DEFAULT.read_text(encoding="utf-8"))
    limits.parse(tables)
    tables["actions"][action]["needs"] = needs.value
    with pytest.raises(limits.UnsafePolicy, match=f"actions.{action} would follow from a new password alone"):
        limits.parse(tables)
