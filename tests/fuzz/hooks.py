"""For schemathesis: the app's requests are signed; of what it makes up, what has to exist is often what does."""

import json
import os
from typing import Any

import django
import schemathesis

django.setup()
from tests.accounts.headless.app import PREFIX, App  # noqa: E402  (settings come before the product's modules)

KNOWN: dict[str, Any] = json.loads(os.environ["FUZZ_KNOWN"])
APP = App(base=KNOWN["iss"])


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """The app proves its key."""
    if case.formatted_path.startswith(PREFIX):
        case.headers["DPoP"] = APP.proof(case.method, case.formatted_path)


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """With the nonce that it was given last."""
    APP.nonce = response.headers.get("dpop-nonce", [APP.nonce])[0]


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Every other stream, token and customer is a real one."""
    return _real(body)


def _real(found: Any) -> Any:
    if isinstance(found, list):
        return [_real(each) for each in found]
    if not isinstance(found, dict):
        return found
    return {
        name: KNOWN[name] if name in KNOWN and len(repr(value)) % 2 else _real(value) for name, value in found.items()
    }
