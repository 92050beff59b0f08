"""A caller who cannot sign in, two agents and an approver, each in a browser of their own; and the customer's phone."""

import re
from dataclasses import dataclass
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.browser import NewProfile
from tests.journeys.test_factors import App, add_app
from tests.journeys.walk import (
    Customer,
    Mailbox,
    code_in,
    earlier,
    enter_as_staff,
    link_in,
    look_at,
    now_and_not_later,
    use_codes_again,
)  # fmt: skip
from tests.stack import Stack

NEW = "an otter reads the tide table"
PHONE = {"width": 390, "height": 844}
TABLET, DESK = {"width": 768, "height": 1024}, {"width": 1280, "height": 900}
ADA, GRACE = "ada@example.com", "grace@example.com"


@dataclass
class Staff:
    """One person of the staff, in a browser of their own."""

    page: Page

    def find(self, customer: str) -> None:
        """By the exact address; the record opens with a reason."""
        self.page.goto("/staff/accounts/user/")
        self.page.get_by_label(re.compile("^Email address, phone number")).fill(customer)
        self.page.get_by_role("button", name="Find").click()
        self.page.get_by_role("link", name=re.compile("^Go on with")).click()
        closed = self.page.get_by_role("heading", name="Open the record")
        closed.or_(self.page.get_by_text("Opened because of")).first.wait_for()
        if closed.count():  # else this session opened it just now
            self.page.get_by_label("Reason").select_option("you_asked")
            self.page.get_by_role("button", name="Open", exact=True).click()
        self.page.get_by_text("Opened because of").wait_for()

    def open_case(self) -> None:
        """The first of the queue, which a tablet shows whole; an agent says why they go on."""
        self.page.goto("/staff/recovery/case/")
        look_at(self.page)
        self.page.set_viewport_size(TABLET)  # type: ignore[arg-type]
        table = self.page.get_by_role("region", name="List of recoveries")
        assert table.evaluate("region => region.scrollWidth <= region.clientWidth")
        self.page.set_viewport_size(DESK)  # type: ignore[arg-type]
        self.page.locator("#content-main tbody a").first.click()
        self.page.get_by_role("heading", name="What was shown").wait_for()
        if self.page.get_by_text("Then you can go on here.").count():
            look_at(self.page)
            self.page.get_by_label("Reason", exact=True).select_option("identity_check")
            self.page.get_by_role("button", name="Open", exact=True).click()
            self.page.get_by_text("Then you can go on here.").wait_for(state="detached")

    def show(self, what: str, whole: str) -> None:
        """One hidden value of the record, which stays hidden otherwise."""
        look_at(self.page)
        expect(self.page.get_by_text(whole, exact=True)).to_have_count(0)
        self.page.get_by_role("button", name=f"Show the {what}").first.click()
        self.page.get_by_text(whole, exact=True).wait_for()
        look_at(self.page)

    def begin(self, customer: str, *lost: str) -> None:
        """The caller cannot sign in."""
        self.find(customer)
        self.page.get_by_role("link", name="Caller cannot sign in").click()
        for each in lost:
            self.page.get_by_label(each).check()
        look_at(self.page)
        self.page.get_by_role("button", name="Begin a recovery").click()
        self.page.get_by_text("The case is open.").wait_for()

    def call_back(self, number: str) -> None:
        """Dial the number on file, and note that it was the customer."""
        part = self.page.get_by_role("region", name="Call back to a number on file")
        part.get_by_label("Where to").select_option(index=1)
        part.get_by_role("button", name="Show the number to call").click()
        expect(part.get_by_text(number)).to_be_visible()
        look_at(self.page)
        part.get_by_label("What came of it").select_option("confirmed")
        part.get_by_role("button", name="Note it").click()
        part.get_by_text("noted by you").wait_for()

    def read_back(self, mailbox: Mailbox) -> None:
        """Send a code to the mailbox, and type what the caller reads."""
        part = self.page.get_by_role("region", name="Code read back")
        part.get_by_label("Where to").select_option(index=1)
        part.get_by_role("button", name="Send a code").click()
        part.get_by_role("textbox").fill(code_in(mailbox.wait_for("A code for your call")))
        part.get_by_role("button", name="Note it").click()
        part.get_by_text("noted by you").wait_for()

    def propose(self) -> None:
        """Stand for it; the link goes to the mailbox."""
        self.page.get_by_text("5 of 5").wait_for()
        look_at(self.page)
        self.page.get_by_label("Link goes to").select_option(index=1)
        self.page.get_by_role("button", name="Propose").click()
        self.page.get_by_text("Somebody else has to approve it.").wait_for()

    def is_refused(self) -> None:
        """Whoever proposed it has no button, and sending the form without one is refused with the reason."""
        assert self.page.get_by_role("button", name="Approve").count() == 0
        expect(self.page.get_by_role("button", name="Withdraw")).to_be_visible()
        self.page.locator("form[action$='/reject/']").evaluate(
            "form => { form.action = form.action.replace('/reject/', '/approve/'); form.noValidate = true; }"
        )
        self.page.get_by_role("button", name="Withdraw").click()
        self.page.get_by_text("Your role does not include this.").first.wait_for()
        expect(self.page.get_by_text("Waits for approval", exact=True)).to_be_visible()


def enter(page: Page, portal: Stack, address: str) -> Staff:
    """Through the same door as everybody, with two steps."""
    enter_as_staff(page, portal, address)
    page.get_by_role("link", name="Recoveries").or_(page.get_by_role("link", name="Cases")).first.wait_for()
    return Staff(page)


@pytest.fixture
def agent(new_profile: NewProfile, portal: Stack) -> Staff:
    return enter(new_profile().new_page(), portal, "agent@example.com")


@pytest.fixture
def second(new_profile: NewProfile, portal: Stack) -> Staff:
    return enter(new_profile().new_page(), portal, "agent2@example.com")


@pytest.fixture
def approver(new_profile: NewProfile, portal: Stack) -> Staff:
    return enter(new_profile().new_page(), portal, "approver@example.com")


@pytest.fixture
def other_approver(new_profile: NewProfile, portal: Stack) -> Staff:
    return enter(new_profile().new_page(), portal, "approver2@example.com")


@pytest.fixture
def phone(new_profile: NewProfile) -> Page:
    """A phone that nobody has used here before."""
    return new_profile(viewport=PHONE).new_page()


def refused_unless_something_is_lost(agent: Staff, mailbox: Mailbox) -> None:
    """A recovery in which nothing is ticked does not begin, and the customer hears nothing."""
    agent.page.get_by_role("link", name="Caller cannot sign in").click()
    agent.page.get_by_role("button", name="Begin a recovery").click()
    agent.page.get_by_text("Nothing was begun, and nobody was told.").wait_for()
    look_at(agent.page)
    assert not [mail for mail in mailbox.messages() if "called our help desk" in str(mail["Subject"])]


def approve(approver: Staff, said: str = "The wait has begun") -> None:
    """The front page says what waits; a second person reads, and stands for it too."""
    approver.page.goto("/staff/")
    look_at(approver.page)
    approver.page.get_by_role("link", name="1 proposal waits for a second person").click()
    approver.open_case()
    approver.page.get_by_role("button", name="Take it").click()
    approver.page.get_by_text("You work on it now.").wait_for()
    look_at(approver.page)
    approver.page.get_by_role("button", name="Approve").click()
    approver.page.get_by_text(said).wait_for()
    look_at(approver.page)


def check_document(agent: Staff, second: Staff, customer: str) -> None:
    """The first agent asks, the second looks at it."""
    agent.page.get_by_role("button", name="I have seen a document: ask a second agent to check it").click()
    agent.page.get_by_text("Another agent has to check the document").wait_for()
    second.page.goto("/staff/")
    second.page.get_by_role("link", name="1 document for you to check").click()
    second.open_case()
    part = second.page.get_by_role("region", name="Document, seen by two agents")
    part.get_by_label("What came of it").select_option("confirmed")
    look_at(second.page)
    part.get_by_role("button", name="Note it").click()
    part.get_by_text("noted by you").wait_for()
    agent.page.reload()


@pytest.mark.control("v5.0.0-6.4.4")
def test_from_a_call_to_a_new_password_and_app(
    agent: Staff, second: Staff, approver: Staff, phone: Page, portal: Stack, complaints: list[str]
) -> None:
    mailbox = Mailbox(portal.mail_dir, GRACE)
    agent.find(GRACE)
    agent.show("phone number", "+4722856070")
    refused_unless_something_is_lost(agent, mailbox)
    agent.begin(GRACE, "the authenticator app")
    mailbox.wait_for("called our help desk")
    agent.read_back(mailbox)
    agent.call_back("+4722856070")
    check_document(agent, second, GRACE)
    agent.propose()
    agent.is_refused()
    approve(approver)

    # Other journeys may have signed in as Grace before.
    earlier(portal, GRACE, timedelta(hours=74), "recovery.Case", "accounts.Session")
    now_and_not_later(portal, "recovery.sweep")
    phone.goto(link_in(mailbox.wait_for("Your link to finish the recovery")))
    phone.get_by_role("heading", name="Finish your recovery in this browser?").wait_for()
    look_at(phone)
    phone.get_by_role("button", name="Go on in this browser").click()
    phone.get_by_role("heading", name="Finish your recovery", exact=True).wait_for()
    look_at(phone)
    app = App(phone.locator(".secret").first.inner_text())
    phone.get_by_label("New password").fill(NEW)
    phone.get_by_label("Code from your app").fill(app.code())
    phone.get_by_role("button", name="Finish").click()
    phone.get_by_role("heading", name="Your account is yours again").wait_for()
    look_at(phone)

    phone.goto("/sign-in/")
    Customer(phone, portal, GRACE, NEW).type_credentials()
    phone.get_by_role("heading", name="Second step").wait_for()
    use_codes_again(portal, GRACE)
    phone.get_by_role("textbox").first.fill(app.code())
    phone.get_by_role("button", name="Continue", exact=True).click()
    phone.get_by_role("button", name="Sign out").wait_for()
    phone.goto("/security/")
    phone.get_by_text(re.compile(r"Some changes have to wait until \d{1,2} \w+ \d{4}")).wait_for()
    look_at(phone)
    phone.goto("/activity/")
    for line in (
        "Our help desk was called in your name",
        "One of our people proposed to help the caller",
        "Our people agreed to help the caller",
        "Your account was recovered",
        "Help desk had something hidden shown to it",
    ):
        expect(phone.get_by_role("heading", name=line).first).to_be_visible()
    look_at(phone)
    approver.page.goto("/staff/recovery/case/?state=completed")
    approver.page.locator("#content-main tbody a").first.click()
    approver.page.get_by_text("Finished: the customer has access again").wait_for()
    look_at(approver.page)


def test_a_customer_without_a_phone_waits_for_three_people_and_stops_it_after_the_approvals(
    agent: Staff,
    second: Staff,
    approver: Staff,
    other_approver: Staff,
    phone: Page,
    page: Page,
    portal: Stack,
    complaints: list[str],
) -> None:
    caller = Customer(page, portal)
    caller.sign_up()
    caller.sign_in()
    add_app(page)
    agent.begin(caller.address, "the authenticator app")
    agent.read_back(caller.mailbox)
    check_document(agent, second, caller.address)
    agent.propose()
    approve(approver, "it takes one more approver")
    approver.page.get_by_text("Another approver has to approve it too").wait_for()
    approve(other_approver)

    phone.goto(link_in(caller.mailbox.wait_for("Your account can be recovered from")))
    phone.get_by_role("heading", name="Stop the recovery?").wait_for()
    look_at(phone)
    phone.set_viewport_size(PHONE)  # type: ignore[arg-type]
    phone.get_by_role("button", name="Stop the recovery").click()
    phone.get_by_role("heading", name="The recovery is stopped").wait_for()
    look_at(phone)
    approver.page.reload()
    approver.page.get_by_text("Stopped with a link from one of our messages").wait_for()
    assert approver.page.get_by_role("button", name=re.compile("Approve|Reject")).count() == 0
    page.goto("/activity/")
    expect(page.get_by_role("heading", name="The recovery was stopped").first).to_be_visible()


def test_the_queue_and_a_case_with_the_keyboard_alone(agent: Staff) -> None:
    agent.begin(ADA, "the password")
    page = agent.page
    page.goto("/staff/recovery/case/")
    _tab_to(page, "document.activeElement.matches('#content-main tbody a')")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="What was shown").wait_for()
    _tab_to(page, "document.activeElement.textContent.startsWith('I have seen a document')")
    page.keyboard.press("Enter")
    page.get_by_text("Another agent has to check the document").wait_for()
    _tab_to(page, "document.activeElement.matches(\"select[name='reason']\")")
    page.keyboard.type("Opened by")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("Rejected: Opened by mistake").wait_for()


def _tab_to(page: Page, is_there: str) -> None:
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate(is_there):
            return
    raise AssertionError(is_there)
