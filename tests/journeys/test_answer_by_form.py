"""An answer that a form carries reaches the partner by itself, and by a button where no script runs."""

from urllib.parse import parse_qs, urlencode

import pytest

from tests.journeys.browser import NewProfile
from tests.journeys.walk import Customer, allow_all
from tests.oauth.walk import challenge
from tests.stack import Stack


@pytest.mark.parametrize("scripts", [True, False], ids=["by itself", "without scripts"])
def test_form_post(new_profile: NewProfile, portal: Stack, scripts: bool) -> None:
    back = f"{portal.partner_url}/by-form"
    added = portal.manage(
        *("partner", "add", "Formal", "--owner", "ada@example.com", "--purpose", "Sends forms."),
        *("--redirect-uri", back, "--scope", "openid", "--scope", "email"),
    )
    client_id = added.splitlines()[0].partition("=")[2]
    page = new_profile(java_script_enabled=scripts).new_page()
    customer = Customer(page, portal)
    customer.sign_up()
    asked = {
        "client_id": client_id, "redirect_uri": back, "response_type": "code", "scope": "openid email", "state": "s-1",
        "response_mode": "form_post", "code_challenge": challenge(), "code_challenge_method": "S256",
    }  # fmt: skip
    page.goto(f"/oauth/authorize/?{urlencode(asked)}")
    customer.type_credentials()
    with page.expect_request(back) as sent:
        allow_all(page)
        if not scripts:
            page.get_by_role("button", name="Continue to the app").click()
    told = parse_qs(sent.value.post_data or "")
    assert sent.value.method == "POST"
    assert told.keys() == {"code", "state", "iss"}
