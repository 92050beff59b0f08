"""Against a service that others wrote: npm's oidc-provider."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.test import Client

from accounts.models import User
from accounts.upstream import bound
from accounts.upstream.shapes import Identity, Upstream
from ciam_portal.core import clock
from ciam_portal.core.links import absolute
from tests.accounts.upstream.twin import there
from tests.services import browser_is_required

CLIENTS = Path(__file__).resolve().parents[2] / "clients"


@pytest.fixture
def issuer() -> Iterator[str]:
    """It runs, and this is what it calls itself."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        if browser_is_required():
            pytest.fail("no Node.js found: install it (Debian: nodejs, npm)")
        pytest.skip("no Node.js found")
    if not (CLIENTS / "node_modules" / "oidc-provider").exists():
        subprocess.run([npm, "ci", "--silent"], cwd=CLIENTS, check=True)
    back = absolute("accounts:upstream_back", "acme")
    environment = {"PATH": os.environ["PATH"], "REDIRECT_URI": back, "CLIENT_ID": "portal", "CLIENT_SECRET": "s: %+~"}
    with subprocess.Popen(
        [node, "upstream.mjs"],
        cwd=CLIENTS,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as service:
        assert service.stdout is not None
        yield service.stdout.readline().strip()
        service.kill()


def come_back(browser: requests.Session, address: str) -> str:
    """What a browser does there until it is sent back to us: path and query."""
    answer = browser.get(address, allow_redirects=False, timeout=10)
    while "/sign-in/with/" not in (to := answer.headers["Location"]):
        answer = browser.get(to if to.startswith("http") else urlsplit(address)._replace(path=to, query="").geturl(),
                             allow_redirects=False, timeout=10)  # fmt: skip
    return urlsplit(to)._replace(scheme="", netloc="").geturl()


@pytest.mark.django_db
def test_it_says_who_somebody_is(client: Client, issuer: str, settings: Any, customer: User) -> None:
    acme = Upstream("Acme", "portal", "s: %+~", issuer=issuer, key="acme")
    settings.UPSTREAMS = {"acme": acme}
    browser = requests.Session()
    back = come_back(browser, there(client.post("/sign-in/with/acme/")))
    assert client.get(back)["Location"] == "/sign-up/with/"
    assert "ada@example.com" in client.get("/sign-up/with/").text
    bound.tie(Identity("acme", issuer, "ada"), customer, at=clock.now())
    back = come_back(browser, there(client.post("/sign-in/with/acme/", {"again": "1"})))
    assert client.get(back)["Location"] == "/sign-in/prove/"
