"""The OpenAPI 3.1 document of the app's own API. What is sent is described by the types that read it."""

from functools import cache
from typing import Any

from django.conf import settings
from django.urls import reverse
from pydantic import TypeAdapter

from accounts.headless import shapes
from ciam_portal.core.described import TEXT, a_list, an_object, answer, ref

_YES = {"type": "boolean"}
_NUMBER = {"type": "integer"}
_FORMS: dict[str, TypeAdapter[Any]] = {
    "SignUp": shapes.SIGN_UP,
    "Credentials": shapes.CREDENTIALS,
    "Code": shapes.CODE,
    "Key": shapes.KEY,
    "PasswordAgain": shapes.PASSWORD,
    "NewPassword": shapes.NEW_PASSWORD,
    "Shown": shapes.SHOWN,
    "Address": shapes.ADDRESS,
    "Nothing": shapes.NOTHING,
}
_IN = ("200", "Signed in; a new token, if there is one, is in meta.", "SignedIn")
_BEGUN = ("200", "The same for everyone.", "Done")
_CONFLICT = ("409", "Nothing waits for this; or somebody is signed in already.", "Bare")
_NO = ("403", "No, or not yet; errors say why.", "Problem")
_OFTEN = ("429", "Too often.", "Refusal", "Retry-After")
_PASSKEY = ("200", "Options for the device's dialog.", "Options")
# path, method: in words, what is sent, and what is answered beside 401 and what every path answers.
_PATHS: dict[tuple[str, str], tuple[str, str, tuple[tuple[str, ...], ...]]] = {
    ("headless:config", "get"): ("What there is.", "", (("200", "What there is.", "Configuration"),)),
    ("headless:auth/session", "get"): ("Where the app stands.", "", (_IN, _NO)),
    ("headless:auth/session", "delete"): ("Sign out.", "", ()),
    ("headless:auth/signup", "post"): ("Sign up; or go on after a challenge.", "SignUp", (_CONFLICT,)),
    ("headless:auth/email/verify", "post"): ("Confirm the address.", "Key", (_IN,)),
    ("headless:auth/login", "post"): ("Sign in.", "Credentials", (_IN, _CONFLICT)),
    ("headless:auth/2fa/authenticate", "post"): ("The second step.", "Code", (_IN, _CONFLICT)),
    ("headless:auth/2fa/reauthenticate", "post"): ("The same, signed in.", "Code", (_IN, _CONFLICT)),
    ("headless:auth/code/confirm", "post"): ("The code that came by mail.", "Code", (_IN, _CONFLICT)),
    ("headless:auth/code/resend", "post"): ("Mail a code.", "Nothing", (_BEGUN, _CONFLICT)),
    ("headless:auth/reauthenticate", "post"): ("The password again.", "PasswordAgain", (_IN, _CONFLICT)),
    ("headless:auth/webauthn/login", "get"): ("To sign in with a passkey.", "", (_PASSKEY, _OFTEN)),
    ("headless:auth/webauthn/login", "post"): ("Sign in with a passkey.", "Shown", (_IN, _CONFLICT)),
    ("headless:auth/webauthn/authenticate", "get"): ("For the second step.", "", (_PASSKEY, _CONFLICT)),
    ("headless:auth/webauthn/authenticate", "post"): ("The second step.", "Shown", (_IN, _CONFLICT)),
    ("headless:auth/webauthn/reauthenticate", "get"): ("The same, signed in.", "", (_PASSKEY, _CONFLICT)),
    ("headless:auth/webauthn/reauthenticate", "post"): ("The same, signed in.", "Shown", (_IN, _CONFLICT)),
    ("headless:account/password/change", "post"): ("Another password.", "NewPassword", (_IN,)),
    ("recovery:app_reset", "post"): ("Mail a link for a new password.", "Address", (_BEGUN,)),
}


@cache
def _requests() -> dict[str, Any]:
    named, parts = TypeAdapter.json_schemas(
        [(name, "validation", form) for name, form in _FORMS.items()], ref_template=ref("{model}")["$ref"]
    )
    known: dict[str, Any] = parts.get("$defs", {})
    return known | {name: schema for (name, _mode), schema in named.items() if "$ref" not in schema}


def _schemas() -> dict[str, Any]:
    meta = an_object({"is_authenticated": _YES}, {"session_token": TEXT})
    error = an_object({"code": TEXT, "message": TEXT}, {"param": TEXT})
    problem = an_object(
        {"status": _NUMBER, "errors": a_list(error)},
        {"reference": {"type": "string", "description": "To be read to the help desk."}, "meta": meta},
    )
    bare = an_object({"status": _NUMBER}, {"meta": meta, "data": an_object({})})
    ways = {"enum": ["webauthn", "totp", "recovery_codes"]}
    puzzle = {
        "algorithm": {"const": "SHA-256"},
        "ticket": TEXT,
        "seed": TEXT,
        "bits": {"type": "integer", "description": "Zero bits with which SHA-256 of seed:part:number must begin."},
        "parts": _NUMBER,
    }
    flow = an_object({"id": TEXT}, {"is_pending": _YES, "types": a_list(ways)} | puzzle)
    standing = an_object({"status": {"const": 401}, "data": an_object({"flows": a_list(flow)}), "meta": meta})
    user = an_object({"display": TEXT, "email": TEXT, "has_usable_password": _YES})
    methods = a_list(an_object({"method": TEXT, "at": {"type": "number"}}))
    known = an_object({"user": user, "methods": methods, "acr": TEXT})
    config = an_object({"login_methods": a_list(TEXT), "is_open_for_signup": _YES, "begun": TEXT, "recovery_url": TEXT})
    there = an_object({"account": config, "mfa": an_object({"supported_types": a_list(ways)})})
    options = an_object({"ceremony": TEXT, "request_options": {"type": "object"}})
    return {
        "Problem": problem,
        "Bare": bare,
        "Refusal": {"anyOf": [bare, problem]},
        "Unavailable": an_object({"error": {"const": "temporarily_unavailable"}}),
        "Unauthorized": {"anyOf": [standing, problem]},
        "SignedIn": an_object({"status": {"const": 200}, "data": known, "meta": meta}),
        "Done": an_object({"status": {"const": 200}, "data": an_object({}), "meta": meta}),
        "Configuration": an_object({"status": {"const": 200}, "data": there, "meta": meta}),
        "Options": an_object({"status": {"const": 200}, "data": options, "meta": meta}),
    }


_EVERYWHERE = {
    "401": answer("What comes next; or not signed by the app's key (WWW-Authenticate).", "Unauthorized"),
    "405": answer("Another method.", "Bare", "Allow"),
    "410": answer("The session is over: throw the token away.", "Bare"),
    "503": answer("Later.", "Unavailable"),
}
_SENT = {
    "400": answer("Something was typed wrong; or it cannot be read.", "Problem"),
    "403": answer("No, or not yet; errors say why.", "Problem"),
    "413": answer("Too large.", "Problem"),
    "415": answer("Not application/json.", "Problem"),
    "429": answer("Too often.", "Refusal", "Retry-After"),
}


def _operation(words: str, form: str, answers: tuple[tuple[str, ...], ...]) -> dict[str, Any]:
    body = {"required": True, "content": {"application/json": {"schema": ref(form)}}}
    found = _EVERYWHERE | (_SENT if form else {}) | {status: answer(*rest) for status, *rest in answers}
    return {"summary": words, "responses": found} | ({"requestBody": body} if form else {})


def document() -> dict[str, Any]:
    """The whole document."""
    paths: dict[str, dict[str, Any]] = {}
    for (name, method), (words, form, answers) in _PATHS.items():
        paths.setdefault(reverse(name), {})[method] = _operation(words, form, answers)
    proof = {"type": "apiKey", "in": "header", "name": "DPoP", "description": "A proof of the app's key (RFC 9449)."}
    token = {"type": "apiKey", "in": "header", "name": "X-Session-Token", "description": "As meta gave it, if it did."}
    return {
        "openapi": "3.1.1",
        "info": {"title": settings.PORTAL_NAME, "version": "1", "summary": "For the business's own app."},
        "servers": [{"url": settings.PUBLIC_URL}],
        "security": [{"proof": []}, {"proof": [], "token": []}],
        "paths": paths,
        "components": {"schemas": _requests() | _schemas(), "securitySchemes": {"proof": proof, "token": token}},
    }
