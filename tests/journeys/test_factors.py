"""A customer adds an authenticator app, backup codes and a passkey, and signs in with each."""

import base64
import hashlib
import hmac
import re
import struct
import time
from dataclasses import dataclass

import pytest
from playwright.sync_api import CDPSession, Page

from tests.journeys.walk import Customer
from tests.stack import Stack

_STEP = 30


def code_of(key: str, at: float) -> str:
    """What an authenticator app shows (RFC 6238), computed here as a second opinion."""
    seed = base64.b32decode(re.sub(r"\s", "", key).upper() + "=" * (-len(re.sub(r"\s", "", key)) % 8))
    mac = hmac.new(seed, struct.pack(">Q", int(at) // _STEP), hashlib.sha1).digest()
    start = mac[-1] & 0xF
    return f"{(struct.unpack('>I', mac[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


@dataclass
class App:
    """An authenticator app."""

    key: str

    def code(self) -> str:
        """What it shows. See ``use_codes_again`` before the second one in a journey."""
        return code_of(self.key, time.time())


def add_app(page: Page) -> App:
    page.goto("/security/app/add/")
    app = App(page.locator(".secret").first.inner_text())
    page.get_by_role("textbox").first.fill(app.code())
    page.get_by_role("button", name="Turn on").click()
    page.get_by_text(re.compile("Two|second step|codes", re.IGNORECASE)).first.wait_for()
    return app


def type_backup_code(customer: Customer, code: str) -> None:
    customer.page.goto("/sign-in/")
    customer.type_credentials()
    customer.page.get_by_role("heading", name="Second step").wait_for()
    customer.page.get_by_role("link", name="Use a backup code instead").click()
    customer.page.get_by_role("textbox").first.fill(code.lower().replace("-", " "))
    customer.page.get_by_role("button", name="Continue", exact=True).click()


@pytest.mark.control("v5.0.0-6.5.1", "63B 4.1.2.1/b")
def test_an_app_and_backup_codes_complete_a_sign_in(page: Page, portal: Stack) -> None:
    customer = Customer(page, portal)
    customer.sign_up()
    customer.sign_in()
    add_app(page)
    customer.mailbox.wait_for("added")
    page.goto("/security/backup-codes/")
    page.get_by_role("button").filter(has_text=re.compile("codes", re.IGNORECASE)).first.click()
    page.locator(".codes").wait_for()
    codes = re.findall(r"[A-Z2-9]{4}(?:-[A-Z2-9]{4}){3}", page.locator("main").inner_text())
    assert len(codes) == 10
    customer.sign_out()
    type_backup_code(customer, codes[0])
    page.get_by_role("button", name="Sign out").wait_for()
    customer.sign_out()
    type_backup_code(customer, codes[0])  # it is spent
    page.get_by_text("This backup code is not right, or it has been used already.").first.wait_for()
    page.goto("/profile/")
    assert "/sign-in/" in page.url


# A password manager's own objects, which cannot do what the browser's can.
_IN_THE_WAY = """
PublicKeyCredential.prototype.toJSON = () => { throw new TypeError("Illegal invocation"); };
PublicKeyCredential.parseRequestOptionsFromJSON = () => { throw new TypeError("Illegal invocation"); };
"""


@pytest.mark.control("v5.0.0-6.3.3")
def test_a_passkey_signs_in_alone_and_tells_partners_so(page: Page, portal: Stack, authenticator: CDPSession) -> None:
    customer = Customer(page, portal)
    customer.sign_up()
    customer.sign_in()
    page.goto("/security/passkeys/add/")
    page.get_by_role("button", name=re.compile("passkey", re.IGNORECASE)).click()
    page.wait_for_url("**/security/backup-codes/")  # offered right after the first factor
    page.goto("/security/")
    page.get_by_text(re.compile("phishing", re.IGNORECASE)).first.wait_for()
    customer.sign_out()
    page.add_init_script(_IN_THE_WAY)
    page.goto("/sign-in/")
    page.get_by_role("button", name=re.compile("passkey", re.IGNORECASE)).click()
    page.get_by_role("button", name="Sign out").wait_for()
    page.goto("/sessions/")
    page.get_by_text("Two steps").first.wait_for()
    page.goto(f"{portal.partner_url}/sign-in")
    page.get_by_role("button", name="Allow", exact=True).click()
    page.locator("#claims").wait_for()
    assert page.locator("#claims tr", has_text="acr").first.inner_text().endswith("phr")
