"""Every page: no violation of the content security policy, nothing wider than a phone, no accessibility fault."""

import pytest
from playwright.sync_api import Page

from tests.journeys.walk import Customer, look_at
from tests.stack import Stack

STRANGERS = (
    "/ /help/ /privacy/ /terms/ /accessibility/ /sign-in/ /sign-up/ /sign-up/check-your-mail/ "
    "/forgotten-password/ /forgotten-password/sent/ "
    "/forgotten-password/new-password/ /confirm-email/ /was-this-you/ /this-was-not-me/ /recover/ /recover/stop/ "
    "/keep-my-account/ /sign-up/finish/ /sign-up/appeal/ /nowhere/"
)
CUSTOMERS = (
    "/ /profile/ /security/ /identity/ /security/email/ /security/password/ /sessions/ /activity/ /connected-apps/ "
    "/notifications/ /privacy-choices/ /privacy-choices/history/ /acting-for-me/ /people-i-act-for/ /device/ "
    "/approvals/ /security/app/add/ /security/passkeys/add/ "
    "/security/backup-codes/ /security/recovery/ /security/lock/ /delete-account/ /sign-out/"
)


def look(page: Page, path: str) -> None:
    answer = page.goto(path)
    assert answer is not None
    assert answer.status in {200, 404, 410}, path
    look_at(page)


@pytest.mark.control("v5.0.0-3.4.3")
def test_pages_for_strangers(page: Page, complaints: list[str]) -> None:
    for path in STRANGERS.split():
        look(page, path)


def test_pages_for_customers(page: Page, portal: Stack, complaints: list[str]) -> None:
    customer = Customer(page, portal)
    customer.sign_up()
    customer.sign_in()
    for path in CUSTOMERS.split():
        look(page, path)


def test_an_inline_script_would_have_been_noticed(page: Page) -> None:
    noticed: list[str] = []
    page.on("console", lambda message: noticed.append(message.text))
    page.goto("/sign-in/")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color:red\">x</p>')")
    assert any("Content Security Policy" in text for text in noticed)


def test_signing_in_with_the_keyboard_alone(page: Page, portal: Stack) -> None:
    customer = Customer(page, portal)
    customer.sign_up()
    page.goto("/sign-in/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "login":
            break
    page.keyboard.type(customer.address)
    page.keyboard.press("Tab")
    for _ in range(12):
        if page.evaluate("document.activeElement.name") == "password":
            break
        page.keyboard.press("Tab")
    page.keyboard.type(customer.password)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Sign out").wait_for()
