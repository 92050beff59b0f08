"""Whether anything that is sent to the APIs breaks them: ``make fuzz``.

A portal runs as a release runs. Schemathesis reads the OpenAPI documents from it, the partners' and the app's, and asks
every operation, with what they allow and with what they do not, as whoever may ask. What is found is a server error, or
a status, body or header that the document does not name. Each operation is asked ``--each`` times for what was made up
at random, beside what is systematic.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.stack import Stack
from tests.stack.state import CHECKOUT

CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
    "response_schema_conformance",
)  # fmt: skip
DOCUMENTS = ("/api/openapi.json", "/_allauth/openapi.json")
_LIMITS = ("requests_per_minute", "questions_per_minute", "uses_per_minute")


def main() -> int:
    """Start it, ask, print what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--each", type=int, default=330, help="made up at random, of each operation")
    parser.add_argument("--document", action="append", default=[], choices=DOCUMENTS, help="only this one")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        policy = folder / "policy.toml"
        policy.write_text(_without_pace(), encoding="utf-8")
        with Stack.temporary(services_only=True, CIAM_POLICY=str(policy), LOG_LEVEL="ERROR") as stack:
            os.environ.update(stack.env, DJANGO_SETTINGS_MODULE="ciam_portal.settings")
            stack.manage("migrate", "--no-input")
            stack._take_ownership()
            headers, known = _partners()
            stack.launch("web")
            stack.wait_for("web", stack.port, "/healthz")
            config = folder / "schemathesis.toml"
            config.write_text(_config(headers, known["stream_id"]), encoding="utf-8")
            return max(_ask(stack.url + path, config, known, options) for path in options.document or DOCUMENTS)


def _ask(document: str, config: Path, known: dict[str, Any], options: Any) -> int:
    asked = [
        *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config)),
        *("run", document, "--checks", ",".join(CHECKS), "--phases", "coverage,fuzzing"),
        *("--max-examples", str(options.each), "--seed", str(options.seed), "--continue-on-failure"),
        *(
            "--generation-database",
            "none",
            "--no-color",
            "--workers",
            "2",
            "--suppress-health-check",
            "all",
            "--warnings",
            "off",
        ),
    ]
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "tests.fuzz.hooks", "FUZZ_KNOWN": json.dumps(known)}
    environment |= {"PYTHONPATH": str(CHECKOUT)}
    return subprocess.run(asked, env=environment, cwd=config.parent, check=False).returncode


def _without_pace() -> str:
    """The policy, but for how often one partner may ask."""
    lines = (CHECKOUT / "ciam_portal" / "core" / "policy" / "policy.toml").read_text(encoding="utf-8").splitlines()
    names = tuple(f"{name} = " for name in _LIMITS)
    return "\n".join(f"{line.split(' = ')[0]} = 10_000" if line.startswith(names) else line for line in lines)


def _partners() -> tuple[dict[str, str], dict[str, Any]]:
    """By the beginning of a path, how its partner shows who it is; and what there is."""
    import django

    django.setup()
    from django.conf import settings
    from django.test import Client

    settings.ALLOWED_HOSTS.append("testserver")
    from ciam_portal.core import clock
    from ciam_portal.core.policy.assurance import Method
    from tests import factories
    from tests.consent.data_use.conftest import Service
    from tests.decisions.conftest import open_shop
    from tests.signals.receiver import Receiver

    customer, browser = factories.customer("ada@example.com"), Client()
    factories.signed_in(browser, customer, (Method.PASSWORD, Method.TOTP), clock.now())
    shop, service, hearing = open_shop(browser), Service(), Receiver()
    token = shop.tokens("openid profile email phone activity delegations")["access_token"]
    subject = shop.userinfo(token).json()["sub"]
    hearing.create()
    headers = {
        "^/(api/decisions|api/approvals|access|api/partner)": shop.basic(),
        "^/api/(profile|activity|delegations)": f"Bearer {token}",
        "^/api/data-use": f"Bearer {service.token()}",
        "^/ssf": f"Bearer {hearing._token}",
    }
    return headers, {
        "token": token, "stream_id": hearing.stream["stream_id"], "subjects": [subject, "x"], "sub": subject,
        "iss": settings.PUBLIC_URL, "action": "payment", "currency": "EUR", "purpose": "product_news",
    }  # fmt: skip


def _config(headers: dict[str, str], stream: str) -> str:
    named = '[[operations]]\ninclude-path-regex = "^/ssf"\ninclude-method = "{}"\nparameters = {{ stream_id = "{}" }}\n'
    parts = [named.format(method, key) for method, key in (("GET", stream), ("POST", stream), ("DELETE", "other"))]
    parts += [
        f'[[operations]]\ninclude-path-regex = "{path}"\nheaders = {{ Authorization = "{value}" }}\n'
        for path, value in headers.items()
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
