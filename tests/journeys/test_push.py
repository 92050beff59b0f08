"""A browser shows what is urgent. Only its push service is our own: there is no network where this runs."""

import json

from playwright.sync_api import Page

from tests.accounts.push.service import Browser, running
from tests.journeys.walk import Customer, look_at
from tests.stack import Stack

_SHOWN = """async () => {
  const worker = await navigator.serviceWorker.ready;
  for (let tries = 0; tries < 300; tries += 1) {
    const all = await worker.getNotifications();
    if (all.length) return all.map(({ title, body }) => [title, body]);
    await new Promise((again) => setTimeout(again, 100));
  }
  return [];
}"""
_KNOWN = "PushManager.prototype.subscribe = async () => ({ toJSON: () => (%s) })"


def test_notices_are_switched_on_tried_and_switched_off(page: Page, portal: Stack, complaints: list[str]) -> None:
    customer = Customer(page, portal)
    with running() as service:
        me = Browser(f"{service.origin}/send/1")
        page.context.grant_permissions(["notifications"])
        page.add_init_script(_KNOWN % me.subscription)
        customer.sign_up()
        customer.sign_in()
        page.goto("/notifications/")
        page.get_by_role("button", name="Switch on in this browser").click()
        page.get_by_text("Notices are switched on in this browser.").wait_for()
        look_at(page)
        page.get_by_role("button", name="Send a test message").click()
        page.get_by_text("The test message is on its way.").wait_for()
        assert service.came.wait(20)
        said = me.read(service.asked[0][1])
    assert shown(page, said) == [["Identity Portal", "This is the test message. Notices reach this browser."]]
    page.get_by_role("button", name="Switch off in this browser").click()
    page.get_by_role("button", name="Switch on in this browser").wait_for()


def shown(page: Page, said: dict[str, str]) -> list[list[str]]:
    """What the browser shows when its push service hands it this."""
    session, found = page.context.new_cdp_session(page), list[str]()
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(each["registrationId"] for each in event["registrations"]),
    )
    session.send("ServiceWorker.enable")
    origin = page.evaluate("navigator.serviceWorker.ready.then(() => location.origin)")
    message = {"origin": origin, "registrationId": found[-1], "data": json.dumps(said)}
    session.send("ServiceWorker.deliverPushMessage", message)
    return list(page.evaluate(_SHOWN))
