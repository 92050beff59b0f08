"""Whoever was sent here by a partner comes back to it, whatever came between."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from ciam_portal.oauth import redirect_uris
from tests import factories
from tests.factories import PASSWORD, outbox
from tests.oauth.walk import Walk

pytestmark = pytest.mark.django_db
NEW = "new.customer@example.com"


def sign_in(browser: Client, email: str, password: str = PASSWORD) -> Any:
    """With the code that was mailed, where the browser is not known well enough."""
    answer = browser.post("/sign-in/", {"login": email, "password": password})
    return factories.pass_challenge(browser) if answer["Location"] == "/sign-in/prove/" else answer


def link() -> str:
    return str(outbox()[-1].words["link"]).removeprefix("http://testserver").removeprefix("http://localhost:8000")


@pytest.fixture
def asked(walk: Walk) -> Walk:
    """A stranger, sent by the partner and led to the sign-in."""
    walk.browser = Client()
    return walk


def come_in(asked: Walk, **words: Any) -> Any:
    return asked.browser.get(asked.ask(**words)["Location"])


def test_both_pages_say_who_waits_and_fill_in_whom_it_expects(asked: Walk) -> None:
    for prompt in ("login", "create"):
        page = come_in(asked, prompt=prompt, login_hint="ada@example.com")
        assert "To go on to <strong>Shop</strong> (shop.example)" in page.text
        assert 'value="ada@example.com"' in page.text
    assert "Shop" not in Client().get("/sign-in/?next=/oauth/authorize/?client_id=nobody").text


@pytest.mark.parametrize("hint", ['"><script>', "x" * 4000, "not an address", "a@b"])
def test_a_hint_is_text_and_proves_nothing(asked: Walk, hint: str) -> None:
    page = come_in(asked, login_hint=hint)
    assert page.status_code == 200
    assert "<script>" not in page.text.split("<main")[1]


def test_after_signing_in_later_by_the_plain_page(asked: Walk, customer: User) -> None:
    come_in(asked)
    asked.browser.get("/privacy/")
    factories.at_home(asked.browser, customer)
    asked.browser.get("/sign-in/")  # the link in the header
    back = sign_in(asked.browser, customer.email)
    assert back["Location"].startswith("/oauth/authorize/?")
    assert asked.browser.get(back["Location"]).status_code == 200
    asked.browser.post("/sign-out/")
    factories.at_home(asked.browser, customer)
    assert sign_in(asked.browser, customer.email)["Location"] == "/"  # once


def test_after_signing_up_and_confirming(asked: Walk) -> None:
    come_in(asked, prompt="create")
    asked.browser.post("/sign-up/", {"email": NEW, "password1": "an otter reads the tide table"})
    page = asked.browser.get(link(), follow=True)
    asked.browser.post(page.wsgi_request.get_full_path())
    back = sign_in(asked.browser, NEW, "an otter reads the tide table")
    assert back["Location"].startswith("/oauth/authorize/?")


def test_after_choosing_a_new_password(asked: Walk, customer: User) -> None:
    come_in(asked)
    factories.at_home(asked.browser, customer)
    asked.browser.post("/forgotten-password/", {"email": customer.email})
    page = asked.browser.get(link(), follow=True)
    asked.browser.post(page.wsgi_request.get_full_path(), {"password": "an otter reads the tide table"})
    back = sign_in(asked.browser, customer.email, "an otter reads the tide table")
    assert back["Location"].startswith("/oauth/authorize/?")


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/oauth/authorize/", "/profile/", "/staff/"])
def test_nothing_but_a_partners_request_is_remembered(customer: User, target: str) -> None:
    browser = Client()
    browser.get("/sign-in/", {"next": target})
    factories.at_home(browser, customer)
    assert sign_in(browser, customer.email)["Location"] == "/"


def test_a_partner_that_was_switched_off_is_forgotten(asked: Walk, customer: User) -> None:
    come_in(asked)
    asked.partner.is_enabled = False
    asked.partner.save()
    assert "Shop" not in asked.browser.get("/sign-in/").text
    assert redirect_uris.is_origin("") is False
