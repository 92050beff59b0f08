"""A receipt is verified in the browser, by anybody, without being sent."""

import json
import re

from playwright.sync_api import FilePayload, Page, expect

from consent.receipts import verifier
from consent.receipts.verifier import Wrong
from tests.consent.receipts.made import ADA, Signer, bad_files
from tests.journeys.walk import Customer, look_at
from tests.stack import Stack

DROP = """text => {
    const held = new DataTransfer();
    held.items.add(new File([text], "receipt.json"));
    document.querySelector("[data-drop]").dispatchEvent(new DragEvent("drop", {dataTransfer: held, bubbles: true}));
}"""


def choose(page: Page, *files: str | bytes) -> None:
    """Choose these files on the page that verifies; what it said of others is gone."""
    page.evaluate("document.querySelector('[data-verdict]').replaceChildren()")
    given = (each.encode() if isinstance(each, str) else each for each in files)
    page.get_by_label("Choose a receipt").set_input_files(
        [
            FilePayload(name=f"{number}.json", mimeType="application/json", buffer=each)
            for number, each in enumerate(given)
        ]
    )


def test_a_receipt_verifies_and_with_one_byte_changed_does_not(
    page: Page, portal: Stack, complaints: list[str]
) -> None:
    customer = Customer(page, portal)
    customer.sign_up()
    customer.sign_in()
    page.goto("/privacy-choices/")
    page.get_by_role("button", name=re.compile("Yes, allow it.*Send you news")).click()
    page.get_by_role("link", name="See your receipts").click()
    look_at(page)
    page.get_by_role("link", name=re.compile("Read.*receipt 1")).click()
    expect(page.get_by_role("main")).to_contain_text("To write to you about new things that we offer")
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    look_at(page)
    with page.expect_download() as started:
        page.get_by_role("link", name="Download", exact=True).click()
    receipt = started.value.path().read_bytes()

    page.context.clear_cookies()  # whoever has the file may ask
    page.goto("/receipts/verify/")
    sent: list[tuple[str, str]] = []
    page.on("request", lambda request: sent.append((request.method, request.url)))
    verdict = page.get_by_role("status")
    page.evaluate(DROP, receipt.decode())
    expect(verdict).to_contain_text("Genuine")
    expect(verdict).to_contain_text("Send you news")
    look_at(page)
    last_letter = receipt.index(b'",\n  "content"') - 1  # of the signature: some of its bits say nothing
    for place in (receipt.index(b"given"), receipt.index(b'"receipt": "') + 40, last_letter):
        choose(page, receipt[:place] + bytes([receipt[place] ^ 1]) + receipt[place + 1 :])
        expect(verdict).to_contain_text("Not genuine")
        choose(page, receipt)
        expect(verdict).to_contain_text("Send you news")
    asked = {each for each in sent if not each[1].endswith("favicon.svg")}
    assert asked == {("GET", f"{portal.url}/.well-known/consent-receipt-keys.json")}

    signer = Signer()
    published = json.dumps({"keys": signer.keys})
    page.route("**/consent-receipt-keys.json", lambda route: route.fulfill(body=published))
    for wrong, (code, files) in bad_files(signer).items():
        choose(page, *files)
        expect(verdict, wrong).to_contain_text(Wrong(code).words)
    choose(page, *map(verifier.file_of, signer.chain(ADA, "given", "withdrawn")))
    expect(verdict).to_contain_text("none between them is missing")
    page.route("**/consent-receipt-keys.json", lambda route: route.abort())
    choose(page, receipt)
    expect(verdict).to_contain_text("did not reach your browser")
