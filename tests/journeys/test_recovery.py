"""Getting back in, stopping it, taking back what a thief changed, and the panic button, in a real browser."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.journeys.browser import NewProfile
from tests.journeys.test_factors import App, add_app
from tests.journeys.walk import (
    Customer,
    ask,
    code_in,
    earlier,
    link_in,
    look_at,
    now_and_not_later,
    text_code,
    text_of,
    use_codes_again,
)  # fmt: skip
from tests.stack import Stack

NEW = "an otter reads the tide table"
PHONE = {"width": 390, "height": 844}
_STANDS = """
SELECT CASE WHEN EXISTS (SELECT FROM accounts_backupcode WHERE customer_id = one.id AND used_at IS NULL)
            THEN 'backup_code' ELSE '' END,
       CASE WHEN EXISTS (SELECT FROM accounts_passkey WHERE user_id = one.id AND confirmed) THEN 'passkey' ELSE '' END,
       CASE WHEN EXISTS (SELECT FROM otp_totp_totpdevice WHERE user_id = one.id AND confirmed) THEN 'totp' ELSE '' END,
       CASE WHEN locked_at IS NULL THEN 'open' ELSE 'locked' END,
       way_back
FROM accounts_user one WHERE email = %s
"""


@pytest.fixture
def elsewhere(new_profile: NewProfile) -> BrowserContext:
    """A phone that nobody has used here before."""
    return new_profile(viewport=PHONE)


@pytest.fixture
def customer(page: Page, portal: Stack) -> Customer:
    """Signed in at home."""
    person = Customer(page, portal)
    person.sign_up()
    person.sign_in()
    return person


def stands(customer: Customer) -> list[str]:
    """The account's second factors and its lock."""
    return [each for each in ask(customer.portal, _STANDS, customer.address)[0] if each]


def make_backup_codes(page: Page) -> list[str]:
    page.goto("/security/backup-codes/")
    page.get_by_role("button").filter(has_text=re.compile("codes", re.IGNORECASE)).first.click()
    page.locator(".codes").wait_for()
    return re.findall(r"[A-Z2-9]{4}(?:-[A-Z2-9]{4}){3}", page.locator("main").inner_text())


def begin(page: Page, customer: Customer, *, look: bool = False) -> None:
    """Name the account, and show the code that goes to its mailbox."""
    seen = look_at if look else (lambda _page: None)
    before = len([mail for mail in customer.mailbox.messages() if "Your code to get back in" in str(mail["Subject"])])
    page.goto("/sign-in/")
    page.get_by_role("link", name="Forgotten your password?").click()
    seen(page)
    page.get_by_role("link", name="I have lost my second step too").click()
    seen(page)
    page.get_by_label("Email address").fill(customer.address)
    page.get_by_label("I have lost my authenticator app").check()
    page.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_role("heading", name="Show that the account is yours").wait_for()
    seen(page)
    page.get_by_label("Code from the mail").fill(
        code_in(customer.mailbox.wait_for("Your code to get back in", count=before + 1))
    )
    page.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_role("heading", name="What else can you show?").wait_for()
    seen(page)


def show_backup_code(page: Page, code: str) -> None:
    """The second thing of another kind, after a look at another way; then the wait, with its countdown."""
    page.get_by_role("link", name="Ask somebody I trust").click()
    page.get_by_label("Code from the person you trust").wait_for()
    look_at(page)
    page.get_by_role("link", name="Use a backup code").click()
    page.get_by_label("Backup code").wait_for()
    look_at(page)
    page.get_by_label("Backup code").fill(code)
    page.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_role("heading", name=re.compile(r"^Please wait until \d")).wait_for()
    expect(page.get_by_text(re.compile(r"That is in (1 day|23 hours)"))).to_be_visible()
    look_at(page)


def wait_to_the_end(page: Page, customer: Customer) -> None:
    """The wait passes; a message says so, and the page leads on."""
    page.goto("/recover/finish/")  # too early
    page.get_by_role("heading", name=re.compile(r"^Please wait until \d")).wait_for()
    earlier(customer.portal, customer.address, timedelta(days=8))
    now_and_not_later(customer.portal, "recovery.sweep")
    customer.mailbox.wait_for("You can finish your recovery now")
    page.reload()
    page.get_by_role("heading", name="You can finish now").wait_for()
    look_at(page)
    page.get_by_role("link", name="Finish").click()
    page.get_by_role("heading", name="Finish your recovery").wait_for()


def end_well(page: Page, customer: Customer) -> None:
    """It is finished, once; the page that says so, with new backup codes if there are any, can be loaded again."""
    page.get_by_role("heading", name="Your account is yours again").wait_for()
    look_at(page)
    customer.mailbox.wait_for("Your account was recovered")
    for again in ("/recover/finish/", "/recover/finished/"):
        page.goto(again)
        page.get_by_role("heading", name="Your account is yours again").wait_for()
    customer.password = NEW


@pytest.mark.control("v5.0.0-6.4.4", "63B 4.2.2.2")
def test_lost_app_two_codes_the_wait_a_new_app_and_quarantine(
    page: Page, customer: Customer, complaints: list[str]
) -> None:
    add_app(page)
    codes = make_backup_codes(page)
    customer.sign_out()
    begin(page, customer, look=True)
    customer.mailbox.wait_for("Somebody is recovering your account")
    show_backup_code(page, codes[0])
    customer.mailbox.wait_for("Your account can be recovered from")
    wait_to_the_end(page, customer)
    look_at(page)
    app = App(page.locator(".secret").first.inner_text())
    page.get_by_label("New password").fill(NEW)
    page.get_by_label("Code from your app").fill(app.code())
    page.get_by_role("button", name="Finish").click()
    end_well(page, customer)

    page.goto("/sign-in/")
    customer.type_credentials()
    page.get_by_role("heading", name="Second step").wait_for()
    use_codes_again(customer.portal, customer.address)
    page.get_by_role("textbox").first.fill(app.code())
    page.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_role("button", name="Sign out").wait_for()
    page.goto("/security/")
    expect(
        page.get_by_text(re.compile(r"Some changes have to wait until \d{1,2} \w+ \d{4}, \d\d:\d\d"))
    ).to_be_visible()
    look_at(page)
    page.goto("/security/email/")
    page.get_by_role("heading", name="This has to wait").wait_for()
    assert re.search(r"after \d{1,2} \w+ \d{4}, \d\d:\d\d", page.locator("main").inner_text())
    look_at(page)


@pytest.mark.usefixtures("authenticator")
def test_a_lost_app_gives_way_to_a_new_passkey(page: Page, customer: Customer, complaints: list[str]) -> None:
    add_app(page)
    codes = make_backup_codes(page)
    customer.sign_out()
    begin(page, customer)
    show_backup_code(page, codes[0])
    wait_to_the_end(page, customer)
    page.get_by_role("link", name="Make a passkey instead").click()
    make = page.get_by_role("button", name="Make the passkey and finish")
    make.wait_for()
    look_at(page)
    make.click()  # nothing is made before there is a password
    make.wait_for()
    assert page.url.endswith("&way=passkey")  # still the page of this recovery
    page.get_by_label("New password").fill(NEW)
    make.click()
    end_well(page, customer)
    page.goto("/sign-in/")
    page.get_by_role("button", name=re.compile("passkey", re.IGNORECASE)).click()
    page.get_by_role("button", name="Sign out").wait_for()
    assert stands(customer) == ["backup_code", "passkey", "open"]  # new codes for the one used up


def test_a_phone_stops_a_recovery_with_the_link_and_the_session_at_home_shows_it(
    page: Page,
    customer: Customer,
    elsewhere: BrowserContext,
    new_profile: NewProfile,
    portal: Stack,
) -> None:
    add_app(page)
    there = new_profile().new_page()
    begin(there, customer)
    page.goto("/profile/")
    page.get_by_text("Somebody is trying to get into your account without signing in").wait_for()
    look_at(page)

    link = link_in(customer.mailbox.wait_for("Somebody is recovering your account"))
    phone = elsewhere.new_page()
    phone.goto(link)
    phone.get_by_role("heading", name="Stop the recovery?").wait_for()
    assert "/recover/stop/?link=" in phone.url  # the secret has left the address
    look_at(phone)
    phone.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.reload()  # opening the link has stopped nothing
    expect(page.get_by_text("Somebody is trying to get into your account without signing in")).to_be_visible()
    for _ in range(12):
        phone.keyboard.press("Tab")
        if phone.evaluate("document.activeElement.textContent") == "Stop the recovery":
            break
    phone.keyboard.press("Enter")
    phone.get_by_role("heading", name="The recovery is stopped").wait_for()
    look_at(phone)
    phone.goto("/profile/")
    assert "/sign-in/" in phone.url  # the link lets nobody in
    phone.goto(link)
    phone.get_by_text("There is nothing to stop").wait_for()
    look_at(phone)

    page.reload()
    expect(page.get_by_text("Somebody is trying to get into your account without signing in")).to_be_hidden()
    there.goto("/recover/wait/")
    there.get_by_role("heading", name="This recovery is over").wait_for()
    look_at(there)
    customer.mailbox.wait_for("The recovery of your account was stopped")


@pytest.mark.control("v5.0.0-6.3.7")
def test_what_a_thief_with_the_session_changed_is_taken_back_from_the_old_mailbox(
    page: Page,
    customer: Customer,
    elsewhere: BrowserContext,
    new_profile: NewProfile,
    portal: Stack,
) -> None:
    add_app(page)
    stolen = new_profile(storage_state=page.context.storage_state())
    thief = Customer(stolen.new_page(), portal)
    thief.page.goto("/security/email/")
    thief.page.get_by_label("New email address").fill(thief.address)
    thief.page.get_by_role("button", name="Send the link").click()
    thief.page.goto(link_in(thief.mailbox.wait_for("Confirm your new email address")))
    thief.page.get_by_role("button", name="Use the new address").click()
    thief.page.get_by_text("Your email address is changed.").wait_for()
    thief.page.goto("/security/app/remove/")
    thief.page.get_by_role("button", name=re.compile("^Remove")).click()
    thief.page.get_by_text("Your authenticator app is removed.").wait_for()
    assert stands(thief) == ["open"]

    mail = customer.mailbox.wait_for("Your email address was changed")
    assert "the link lets nobody in" in " ".join(text_of(mail).split())
    mine = elsewhere.new_page()
    mine.goto(link_in(mail))
    mine.get_by_role("heading", name="Was this not you?").wait_for()
    assert "/this-was-not-me/?link=" in mine.url
    expect(mine.get_by_text("The address from before is the address of your account again.")).to_be_visible()
    expect(mine.get_by_text("Second step removed")).to_be_visible()
    look_at(mine)
    thief.page.goto("/security/")
    expect(thief.page.get_by_role("button", name="Sign out")).to_be_visible()  # opening it has changed nothing
    mine.get_by_role("button", name="This was not me: take it back and lock").click()
    mine.get_by_role("heading", name="Taken back, and the account is locked").wait_for()
    expect(mine.get_by_role("heading", name="The way back")).to_be_visible()
    expect(mine.get_by_text("two codes that reach you in different ways")).to_be_visible()
    look_at(mine)
    assert stands(customer) == ["totp", "locked", "recovery"]
    for address in (customer, thief):
        address.mailbox.wait_for("A change was taken back and your account is locked")

    thief.page.goto("/security/")
    assert "/sign-in/" in thief.page.url
    for who in (thief.address, customer.address):
        thief.page.goto("/sign-in/")
        Customer(thief.page, portal, who).type_credentials()
        thief.page.get_by_text("not right").or_(thief.page.get_by_text("not correct")).first.wait_for()
    mine.goto("/profile/")
    assert "/sign-in/" in mine.url  # nor does it let anybody else in
    mine.goto(link_in(mail))
    mine.get_by_role("heading", name="This link no longer works").wait_for()
    look_at(mine)


def test_the_panic_button_and_the_way_back(page: Page, customer: Customer, complaints: list[str]) -> None:
    app = add_app(page)
    page.goto("/security/")
    page.get_by_role("link", name="Lock my account").click()
    page.get_by_role("heading", name="Lock your account").wait_for()
    look_at(page)
    page.get_by_role("button", name="Lock my account now").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="The account is locked").wait_for()
    look_at(page)
    customer.mailbox.wait_for("Your account is locked")
    page.goto("/sign-in/")
    customer.type_credentials()
    page.get_by_role("heading", name="Sign in").wait_for()
    page.goto("/profile/")
    assert "/sign-in/" in page.url

    page.goto("/forgotten-password/")
    page.get_by_label("Email address").fill(customer.address)
    page.get_by_role("button", name="Send the link").click()
    page.goto(link_in(customer.mailbox.wait_for("Set a new password")))
    look_at(page)
    customer.password = NEW
    page.get_by_label("New password").fill(NEW)
    page.get_by_role("button", name="Set the password").click()
    page.get_by_role("heading", name="Your new password is set").wait_for()
    look_at(page)
    assert "Sign in with the new password and your second step" in text_of(
        customer.mailbox.wait_for("Your account is still locked")
    )
    assert stands(customer) == ["totp", "locked", "mailbox"]
    page.goto("/sign-in/")
    customer.type_credentials()
    page.get_by_role("heading", name="Second step").wait_for()
    use_codes_again(customer.portal, customer.address)
    page.get_by_role("textbox").first.fill(app.code())
    page.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_role("button", name="Sign out").wait_for()
    customer.mailbox.wait_for("Your account is unlocked")
    assert stands(customer) == ["totp", "open"]


def test_a_phone_for_recovery_is_proven_and_its_removal_can_be_taken_back(page: Page, customer: Customer) -> None:
    add_app(page)
    page.goto("/security/recovery/")
    look_at(page)
    page.get_by_role("link", name="Add a phone number").click()
    look_at(page)
    number = f"+47 22 85 {abs(hash(customer.address)) % 90 + 10} {abs(hash(customer.address)) // 90 % 90 + 10}"
    page.get_by_label("Phone number").fill(number)
    page.get_by_role("button", name="Send the code").click()
    page.get_by_role("heading", name="Type the code").wait_for()
    look_at(page)
    code = text_code(customer.portal, number.replace(" ", ""))
    page.get_by_label("Code from the text message").fill(code)
    page.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_text("The address is confirmed.").wait_for()
    look_at(page)
    page.get_by_role("button", name=re.compile("^Remove")).click()
    page.get_by_text("The recovery address is removed.").wait_for()
    mail = customer.mailbox.wait_for("A recovery address was removed")
    page.goto(link_in(mail))
    expect(page.get_by_text("Your recovery addresses are again those from before.")).to_be_visible()
    look_at(page)
    page.get_by_role("button", name="Only lock my account").click()
    page.get_by_role("heading", name="The account is locked").wait_for()
    page.goto("/profile/")
    assert "/sign-in/" in page.url
