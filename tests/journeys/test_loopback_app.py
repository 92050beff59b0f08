"""An app on a device signs a customer in by the system's browser, and is answered on a port of its own (RFC 8252)."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from authlib.integrations.requests_client import OAuth2Session
from playwright.sync_api import Page

from tests.journeys.walk import Customer, allow_all
from tests.stack import Stack

VERIFIER = "v" * 64


class Answered(BaseHTTPRequestHandler):
    """The app's own server, for as long as it waits."""

    addresses: list[str] = []  # noqa: RUF012  (one app at a time)

    def do_GET(self) -> None:
        self.addresses.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(b"You may close this window.")

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.control("RFC8252-7.3")
def test_an_app_is_answered_on_whatever_port_was_free(page: Page, portal: Stack) -> None:
    customer = Customer(page, portal)
    customer.sign_up()
    added = portal.manage(
        *("partner", "add", "Desk", "--profile", "native", "--redirect-uri", "http://127.0.0.1/back"),
        *("--owner", customer.address, "--purpose", "Writes letters."),
        *("--scope", "openid", "--scope", "email"),
    )
    server = HTTPServer(("127.0.0.1", 0), Answered)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        app = OAuth2Session(
            client_id=added.strip().partition("=")[2],
            redirect_uri=f"http://127.0.0.1:{server.server_port}/back",
            scope="openid email",
            code_challenge_method="S256",
            token_endpoint_auth_method="none",
        )
        known = app.request("GET", f"{portal.url}/.well-known/openid-configuration", withhold_token=True).json()
        address, state = app.create_authorization_url(
            known["authorization_endpoint"], code_verifier=VERIFIER, login_hint=customer.address
        )
        page.goto(address)
        customer.type_credentials()
        allow_all(page)
        page.get_by_text("You may close this window.").wait_for()
    finally:
        server.shutdown()
        server.server_close()
    (path,) = [each for each in Answered.addresses if each.startswith("/back?")]
    app.fetch_token(
        known["token_endpoint"],
        authorization_response=f"{app.redirect_uri.removesuffix('/back')}{path}",
        state=state,
        code_verifier=VERIFIER,
    )
    assert app.get(known["userinfo_endpoint"]).json()["email"] == customer.address
