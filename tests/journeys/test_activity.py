"""A sign-in from another browser: challenged and explained, seen on the activity page, disowned there or by mail."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browser import NewProfile
from tests.journeys.test_every_page import look
from tests.journeys.walk import Customer, link_in, text_of
from tests.stack import Stack


@pytest.fixture
def elsewhere(new_profile: NewProfile) -> Page:
    """A tab in a browser that nobody has used before."""
    return new_profile().new_page()


@pytest.fixture
def customer(page: Page, portal: Stack) -> Customer:
    """Signed in at home."""
    person = Customer(page, portal)
    person.sign_up()
    person.sign_in()
    return person


def ask(there: Customer) -> None:
    """Type the right password where the account has never been."""
    there.page.goto("/sign-in/")
    there.type_credentials()
    there.page.get_by_role("heading", name="Second step").wait_for()


def test_a_challenge_is_explained_and_the_sign_in_disowned_on_the_activity_page(
    page: Page, portal: Stack, customer: Customer, elsewhere: Page
) -> None:
    there = Customer(elsewhere, portal, customer.address)
    ask(there)
    because = elsewhere.get_by_text("Something about this was unusual for your account, so we asked once more.")
    expect(because).to_be_hidden()
    elsewhere.get_by_text("Why was I asked?").click()
    expect(because).to_be_visible()
    code = re.search(r"Your code is (\d{8})", text_of(customer.mailbox.wait_for("Your code to sign in")))
    assert code
    elsewhere.get_by_role("textbox").first.fill(code.group(1))
    elsewhere.get_by_role("button", name="Continue", exact=True).click()
    elsewhere.get_by_role("button", name="Sign out").wait_for()
    page.get_by_role("link", name="Activity", exact=True).click()
    page.get_by_role("heading", name="Activity on your account").wait_for()
    expect(page.get_by_role("heading", name="Password accepted, one more step asked for").first).to_be_visible()
    row = page.get_by_role("listitem").filter(has_text="New browser")
    row.get_by_text("Why?").click()
    expect(row.get_by_text("What you showed was enough.")).to_be_visible()
    row.get_by_role("button", name=re.compile(r"^It was not me\b.*Signed in")).click()
    page.get_by_role("heading", name="That session is ended").wait_for()
    elsewhere.goto("/profile/")
    assert "/sign-in/" in elsewhere.url
    told = text_of(customer.mailbox.wait_for("We ended a session that was not you"))
    assert "/forgotten-password/" in told
    page.goto("/activity/")
    expect(page.get_by_text("You said: it was not me. This session is ended.")).to_be_visible()
    expect(page.get_by_text("This session", exact=True)).to_be_visible()


@pytest.mark.control("v5.0.0-7.4.3")
def test_the_link_in_the_mail_ends_that_session_without_signing_in(
    page: Page,
    portal: Stack,
    customer: Customer,
    elsewhere: Page,
    new_profile: NewProfile,
) -> None:
    there = Customer(elsewhere, portal, customer.address)
    there.sign_in_elsewhere()
    link = link_in(customer.mailbox.wait_for("New sign-in to your account"))
    tab = new_profile(viewport={"width": 390, "height": 844}).new_page()
    tab.goto(link)
    tab.get_by_role("heading", name="Was this you?").wait_for()
    assert "/was-this-you/?link=" in tab.url  # the secret has left the address
    look(tab, tab.url)
    elsewhere.goto("/profile/")
    assert elsewhere.url.endswith("/profile/")  # opening the link has changed nothing
    tab.get_by_role("button", name="It was not me", exact=True).click()
    tab.get_by_role("heading", name="That session is ended").wait_for()
    elsewhere.goto("/profile/")
    assert "/sign-in/" in elsewhere.url
    tab.goto("/profile/")
    assert "/sign-in/" in tab.url  # the link lets nobody in
    tab.goto(link)
    tab.get_by_role("heading", name="This link no longer works").wait_for()
    page.goto("/profile/")
    assert page.url.endswith("/profile/")  # the session at home goes on


def test_a_hold_says_what_to_wait_for_and_the_help_desk_is_asked(
    page: Page, portal: Stack, customer: Customer, elsewhere: Page
) -> None:
    there = Customer(elsewhere, portal, customer.address)
    there.sign_in_elsewhere()
    answer = elsewhere.goto("/security/app/add/")
    assert answer is not None
    assert answer.status == 403
    elsewhere.get_by_role("heading", name="This has to wait").wait_for()
    expect(elsewhere.get_by_text("From this one you can do it after")).to_be_visible()
    elsewhere.get_by_role("button", name="Ask our help desk to look at this").click()
    elsewhere.get_by_role("heading", name="Our help desk looks at it").wait_for()
    customer.mailbox.wait_for("Our help desk has your question")
    page.goto("/activity/")
    expect(page.get_by_text("With our help desk")).to_be_visible()


def test_answering_with_the_keyboard_alone(page: Page, customer: Customer) -> None:
    page.goto("/activity/")
    for key in ("Tab",) * 40:
        page.keyboard.press(key)
        if "It was me" in page.evaluate("document.activeElement.textContent"):
            break
    assert page.evaluate("document.activeElement.tagName") == "BUTTON"
    page.keyboard.press("Enter")
    page.get_by_text("We remember that this was you.").wait_for()
    expect(page.get_by_text("You said: it was me.")).to_be_visible()
