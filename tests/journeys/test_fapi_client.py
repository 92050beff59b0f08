"""A partner of the FAPI 2.0 profile, written with somebody else's library, signs a customer in."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.journeys.walk import Customer, allow_all
from tests.oauth.keyed import key_set, new_key
from tests.services import browser_is_required
from tests.stack import Stack

CLIENTS = Path(__file__).resolve().parents[1] / "clients"


@pytest.fixture(scope="module")
def node() -> str:
    """Node.js, with the clients installed from their lock file."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found is None or npm is None:
        if browser_is_required():
            pytest.fail("no Node.js found: install it (Debian: nodejs, npm)")
        pytest.skip("no Node.js found")
    if not (CLIENTS / "node_modules" / "openid-client").exists():
        subprocess.run([npm, "ci", "--silent"], cwd=CLIENTS, check=True)
    return found


def said(program: "subprocess.Popen[str]") -> dict[str, Any]:
    assert program.stdout is not None
    line = program.stdout.readline()
    assert line, program.communicate()[1]
    found: dict[str, Any] = json.loads(line)
    return found


@pytest.mark.control("FAPI2-SP-5.3.2.1-4", "FAPI2-SP-5.3.2.1-6", "FAPI2-SP-5.3.2.2-3", "RFC9449-7.1")
@pytest.mark.parametrize("signed", ["", "yes"], ids=["pushed", "pushed and signed"])
def test_openid_client(page: Page, portal: Stack, node: str, tmp_path: Path, signed: str) -> None:
    customer, key = Customer(page, portal), new_key()
    customer.sign_up()
    (tmp_path / "keys.json").write_text(json.dumps(key_set(key)))
    back = f"{portal.partner_url}/back-at-the-bank"
    added = portal.manage(
        *("partner", "add", "Bank", "--profile", "fapi2", "--jwks", str(tmp_path / "keys.json")),
        *("--owner", customer.address, "--purpose", "Keeps money."),
        *("--redirect-uri", back, "--scope", "openid", "--scope", "email", "--scope", "offline_access"),
    )
    environment = {
        "PATH": os.environ["PATH"], "ISSUER": portal.url, "CLIENT_ID": added.strip().partition("=")[2],
        "PRIVATE_JWK": key.export_private(), "REDIRECT_URI": back, "SIGNED": signed,
    }  # fmt: skip
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [node, "fapi.mjs"], cwd=CLIENTS, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    ) as bank:
        page.goto(said(bank)["url"])
        customer.type_credentials()
        allow_all(page)
        page.wait_for_url(f"{back}?**")
        assert bank.stdin is not None
        bank.stdin.write(f"{page.url}\n")
        bank.stdin.flush()
        assert said(bank) == {
            "email": customer.address, "type": "dpop", "profile": 200, "bearer": 401, "bound": True,
            "active": [True, False],
        }  # fmt: skip
