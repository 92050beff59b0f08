"""A page of an application that knows nothing of the portal, behind real nginx as ``deploy/`` configures it."""

import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from playwright.sync_api import Page

from tests.journeys.browser import NewProfile
from tests.journeys.conftest import legacy_app
from tests.journeys.test_step_up_for_partner import add_app_elsewhere
from tests.journeys.walk import Customer, use_codes_again
from tests.services import browser_is_required
from tests.stack import Stack

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
_AROUND = """
daemon off; error_log {folder}/error.log; pid {folder}/pid; worker_processes 1;
events {{ worker_connections 64; }}
http {{
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi; log_format ciam '$status';
    upstream ciam {{ server 127.0.0.1:{portal}; keepalive 8; }}
    {server}
}}
"""


class Legacy(BaseHTTPRequestHandler):
    """It shows what it was asked, and what it was told."""

    def do_GET(self) -> None:
        told = self.headers.get_all("X-Gateway-Identity") or []
        page = f"<!doctype html><title>Old shop</title><h1>Old shop: {self.path}</h1><p id=told>{' '.join(told)}</p>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(page.encode())

    def log_message(self, *_: object) -> None:
        pass


def configured(origin: str, legacy: int, portal: Stack, key: Path) -> str:
    """What ``deploy/`` ships, with the names of this machine; without encryption."""
    text = (DEPLOY / "nginx-gateway.conf").read_text(encoding="utf-8")
    shop, public = urlsplit(origin), urlsplit(portal.url)
    text = re.sub(r"listen 443 .*", f"listen 127.0.0.1:{shop.port};", text)
    text = re.sub(r"(listen \[|ssl_|access_log).*", "", text)
    for was, now in (
        ("server_name shop.example.com", f"server_name {shop.hostname}"), ("shop.example.com", shop.netloc),
        ("id.example.com", public.netloc), ("127.0.0.1:9000", f"127.0.0.1:{legacy}"),
        ("/etc/nginx/ciam-gateway.key", str(key)),
    ):  # fmt: skip
        assert was in text
        text = text.replace(was, now)
    return text


@pytest.fixture(scope="module")
def shop(portal: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address."""
    if NGINX is None:
        if browser_is_required():
            pytest.fail("no nginx found: install one (Debian: nginx)")
        pytest.skip("no nginx found: install one (Debian: nginx)")
    origin, folder = legacy_app(portal), tmp_path_factory.mktemp("nginx")
    application = ThreadingHTTPServer(("127.0.0.1", 0), Legacy)
    threading.Thread(target=application.serve_forever, daemon=True).start()
    key = folder / "key"
    key.write_text(f'set $gateway_key "{portal.env["GATEWAY_KEYS"]}";', encoding="utf-8")
    server = configured(origin, application.server_port, portal, key)
    file = folder / "nginx.conf"
    file.write_text(_AROUND.format(folder=folder, portal=portal.port, server=server), encoding="utf-8")
    nginx = subprocess.Popen([NGINX, "-e", "stderr", "-c", str(file)])
    try:
        _wait_for(f"http://127.0.0.1:{urlsplit(origin).port}/.gateway/none")
        yield origin
    finally:
        nginx.terminate()
        nginx.wait(30)
        application.shutdown()
        application.server_close()


def _wait_for(url: str) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            urlopen(url, timeout=5)
        except OSError as error:
            if getattr(error, "code", None) == 404:
                return
        time.sleep(0.05)
    raise AssertionError("nginx does not answer")


def test_a_legacy_page_asks_for_sign_in_then_for_step_up_and_gets_both(
    page: Page, portal: Stack, new_profile: NewProfile, shop: str
) -> None:
    customer = Customer(page, portal)
    customer.sign_up()
    customer.sign_in()
    app = add_app_elsewhere(customer, new_profile())  # this session has shown a password only
    page.goto(f"{shop}/orders?page=2")
    page.get_by_role("heading", name="Old shop: /orders?page=2").wait_for()
    assert page.locator("#told").inner_text().count(".") == 2  # a signed word, and only the portal's
    assert {each["name"] for each in page.context.cookies(shop)} == {"gateway", "gateway-state"}
    page.goto(f"{shop}/admin/users?role=all")
    page.get_by_role("heading", name="Show that it is you").wait_for()
    use_codes_again(portal, customer.address)
    page.get_by_role("textbox").first.fill(app.code())
    page.get_by_role("button", name="Continue", exact=True).click()
    page.get_by_role("heading", name="Old shop: /admin/users?role=all").wait_for()
    page.set_extra_http_headers({"X-Gateway-Identity": "me", "X-Gateway-Host": "other", "X-Forwarded-Host": "other"})
    page.goto(f"{shop}/static/site.css")  # public: nobody is named, not even by the browser
    assert page.locator("#told").inner_text() == ""
    page.set_extra_http_headers({})
    for wrong in ("/ADMIN", "/x/..%2fadmin", "/admin;x", "/.gateway/check", "/other%2e/"):
        answer = page.goto(shop + wrong)
        assert answer is not None
        assert answer.status in {403, 404}, wrong
    page.goto(f"{shop}/.gateway/leave")
    page.locator("#main").get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="Back to Old shop").click()
    page.wait_for_url("**/sign-in/**")
