"""How many pages a customer sees on each way, and that none has become longer. Counted on the running product."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from playwright.sync_api import CDPSession, Frame, Page

from tests.journeys.test_factors import App, add_app
from tests.journeys.test_recovery import make_backup_codes
from tests.journeys.walk import Customer, code_in, earlier, link_in, now_and_not_later, use_codes_again
from tests.stack import Stack

EMAIL = re.compile("e-?mail address", re.IGNORECASE)


@contextmanager
def at_most(page: Page, most: int) -> Iterator[list[str]]:
    """So many pages, the first and the one on which it is done among them. Redirects are not seen, so not counted."""
    seen: list[str] = []

    def note(frame: Frame) -> None:
        if frame == page.main_frame:
            seen.append(frame.url.partition("?")[0])

    page.on("framenavigated", note)
    yield seen
    page.wait_for_load_state()
    page.remove_listener("framenavigated", note)
    assert len(seen) <= most, seen


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_signing_up_takes_five_pages_and_the_credentials_once(page: Page, portal: Stack) -> None:
    customer = Customer(page, portal)
    with at_most(page, 5):
        page.goto("/")
        page.get_by_role("main").get_by_role("link", name="Create an account").click()
        page.get_by_label(EMAIL).fill(customer.address)
        page.get_by_label("Password", exact=True).fill(customer.password)
        press(page, "Create account")
        page.get_by_role("heading", name="Check your mail").wait_for()
        page.goto(link_in(customer.mailbox.wait_for("Confirm your email address")))
        press(page, "Confirm this address")
        page.get_by_role("heading", name="Overview").wait_for()


def test_signing_in_as_last_time_takes_two_pages(page: Page, portal: Stack, authenticator: CDPSession) -> None:
    customer = Customer(page, portal)
    customer.sign_up()
    with at_most(page, 2):  # the password alone: the form, the overview
        customer.sign_in()
    app = add_app(page)
    page.goto("/security/passkeys/add/")
    press(page, "Make the passkey")
    page.get_by_text("Your passkey is ready").wait_for()
    customer.sign_out()
    with at_most(page, 2):  # a passkey: the form, the overview
        page.goto("/sign-in/")
        press(page, "Sign in with a passkey")
        page.get_by_role("button", name="Sign out").wait_for()
    customer.sign_out()
    authenticator.send("WebAuthn.disable")  # it would answer the moment the page is there
    for pages in (4, 3):  # an app: chosen once among other ways, it is the first to be asked for the next time
        use_codes_again(portal, customer.address)
        with at_most(page, pages):  # the form, the second step, and then the overview
            page.goto("/sign-in/")
            customer.type_credentials()
            page.get_by_role("heading", name="Second step").wait_for()
            if pages > 3:
                page.get_by_role("link", name="Use your authenticator app instead").click()
            page.get_by_label("Code from your app").fill(app.code())
            press(page, "Continue")
            page.get_by_role("button", name="Sign out").wait_for()
        customer.sign_out()


def test_a_forgotten_password_takes_five_pages(page: Page, portal: Stack) -> None:
    customer = Customer(page, portal)
    customer.sign_up()
    with at_most(page, 5):
        page.goto("/sign-in/")
        page.get_by_role("link", name="Forgotten your password?").click()
        page.get_by_label(EMAIL).fill(customer.address)
        press(page, "Send the link")
        page.get_by_role("heading", name="Check your mail").wait_for()
        page.goto(link_in(customer.mailbox.wait_for("Set a new password")))
        page.get_by_label("New password").fill("an otter reads the tide table")
        press(page, "Set the password")
        page.get_by_role("heading", name="Your new password is set").wait_for()


def test_a_lost_app_takes_six_pages_and_the_wait(page: Page, portal: Stack) -> None:
    customer = Customer(page, portal)
    customer.sign_up()
    customer.sign_in()
    add_app(page)
    codes = make_backup_codes(page)
    customer.sign_out()
    page.goto("/sign-in/")
    customer.type_credentials()
    page.get_by_role("heading", name="Trouble?").wait_for()
    with at_most(page, 5):  # four, and the one that says how long it waits
        page.get_by_role("link", name=re.compile("^I have lost")).click()
        page.get_by_label(EMAIL).fill(customer.address)
        page.get_by_label("I have lost my authenticator app").check()
        press(page, "Continue")
        page.get_by_label("Code from the mail").fill(code_in(customer.mailbox.wait_for("Your code to get back in")))
        press(page, "Continue")
        page.get_by_role("heading", name="What else can you show?").wait_for()
        page.get_by_role("link", name="Use a backup code").click()
        page.get_by_label("Backup code").fill(codes[0])
        press(page, "Continue")
        page.get_by_role("heading", name=re.compile(r"^Please wait until \d")).wait_for()
    earlier(portal, customer.address, timedelta(days=8))
    now_and_not_later(portal, "recovery.sweep")
    customer.mailbox.wait_for("You can finish your recovery now")
    page.reload()
    with at_most(page, 2):
        page.get_by_role("link", name="Finish").click()
        app = App(page.locator(".secret").first.inner_text())
        page.get_by_label("New password").fill("an otter reads the tide table")
        page.get_by_label("Code from your app").fill(app.code())
        press(page, "Finish")
        page.get_by_role("heading", name="Your account is yours again").wait_for()


def test_another_address_takes_four_pages(page: Page, portal: Stack) -> None:
    customer, new = Customer(page, portal), Customer(page, portal)
    customer.sign_up()
    customer.sign_in()
    page.goto("/security/")
    with at_most(page, 4):
        page.get_by_role("link", name=re.compile(r"Change\s*: E-?mail address", re.IGNORECASE)).click()
        page.get_by_label(EMAIL).fill(new.address)
        press(page, "Send the link")
        page.get_by_role("heading", name="Check your mail").or_(page.get_by_text(new.address)).first.wait_for()
        page.goto(link_in(new.mailbox.wait_for("Confirm your new email address")))
        press(page, "Use the new address")
        page.get_by_text(re.compile("Your e-?mail address is changed")).wait_for()
