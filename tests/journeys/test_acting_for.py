"""Two people: he asks and is refused, she invites him to pay her bills, he accepts, she stops it."""

from playwright.sync_api import Page

from tests.journeys.browser import NewProfile
from tests.journeys.test_factors import add_app
from tests.journeys.walk import Customer, link_in, look_at, use_codes_again
from tests.stack import Stack


def with_two_steps(page: Page, portal: Stack) -> Customer:
    """Somebody who can act for others, signed in with two steps."""
    person = Customer(page, portal)
    person.sign_up()
    person.sign_in()
    app = add_app(page)
    person.sign_out()
    page.goto("/people-i-act-for/")
    person.type_credentials()
    page.get_by_role("heading", name="Second step").wait_for()
    use_codes_again(portal, person.address)
    page.get_by_role("textbox").first.fill(app.code())
    page.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_role("heading", name="People I act for").wait_for()
    return person


def test_asked_refused_invited_accepted_and_stopped(
    page: Page, new_profile: NewProfile, portal: Stack, complaints: list[str]
) -> None:
    owner = Customer(page, portal)
    owner.sign_up()
    owner.sign_in()
    theirs = new_profile(viewport={"width": 390, "height": 844}).new_page()
    friend = with_two_steps(theirs, portal)
    look_at(theirs)
    theirs.get_by_role("link", name="Ask to act for somebody").click()
    look_at(theirs)
    theirs.get_by_label("Their email address").fill(owner.address)
    theirs.get_by_label("Pay, in connected apps").check()
    theirs.get_by_role("button", name="Ask them").click()
    theirs.get_by_text("We have asked them by mail").wait_for()

    page.goto(link_in(owner.mailbox.wait_for("Somebody asks to act for you")))
    page.get_by_role("heading", name="Somebody asks to act for you").wait_for()
    look_at(page)
    page.get_by_role("button", name="No, do not let them").click()
    page.get_by_role("link", name="Invite somebody").click()
    look_at(page)
    page.get_by_role("link", name="Begin with: Pay bills").click()
    look_at(page)
    page.get_by_label("Their email address").fill(friend.address)
    page.get_by_role("button", name="Invite them").click()
    page.get_by_text("up to which amount").first.wait_for()
    page.get_by_label("Most at a time").fill("20")
    page.get_by_label("In which currency").select_option("EUR")
    page.get_by_role("button", name="Invite them").click()
    page.get_by_text("We have invited them by mail").wait_for()

    theirs.goto(link_in(friend.mailbox.wait_for("Somebody wants you to act for them")))
    theirs.get_by_role("heading", name="Will you act for somebody?").wait_for()
    look_at(theirs)
    theirs.get_by_role("button", name="Yes, I will").click()
    theirs.get_by_text("You can act for them from now on").wait_for()
    look_at(theirs)

    page.goto("/acting-for-me/")
    page.get_by_text("Can act", exact=True).wait_for()
    look_at(page)
    page.get_by_role("link", name="Change or renew").click()
    page.get_by_role("heading", name="Change what they can do for you").wait_for()
    look_at(page)
    page.go_back()
    page.get_by_role("button", name="Stop everything").click()
    page.get_by_text("Nobody acts for you", exact=True).wait_for()
    theirs.reload()
    theirs.get_by_text(owner.address).first.wait_for()
    assert not theirs.get_by_role("button", name="End it").filter(has_text=owner.address).count()
