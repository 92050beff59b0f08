"""How a partner replaces what it proves itself with, for the OpenAPI document."""

from typing import Any

from django.urls import reverse

from ciam_portal.core.described import PARTS, TEXT, Part, a_list, an_object, answer, ref
from ciam_portal.oauth.credentials.models import Credential

_INSTANT = {"type": "string", "format": "date-time"}
_REFUSED = {
    "400": answer("Not readable; `error_description` says why.", "Problem"),
    "401": answer("Not authenticated.", "Problem", "WWW-Authenticate"),
    "405": answer("Not POST.", "Problem", "Allow"),
    "503": answer("Database or cache are away.", "Unavailable", "Retry-After"),
}
_NOT_NOW = {"409": answer("Not now; `error` says why.", "Problem")}
_ALL = {"200": answer("All that live, without any secret.", "Credentials")}


@PARTS.join
def described() -> Part:
    """The paths, and the schemas that they name."""
    made = {"201": answer("The new one; the former works on for a while.", "NewCredential")} | _NOT_NOW
    keys = {
        "jwks": {"type": "string", "description": "A JWK Set, as JSON."},
        "jwks_uri": {"type": "string", "description": "Or where it is published. Neither: a secret, which we make."},
    }
    paths = {
        "credentials": {"post": _operation("credentials", "What there is.", _ALL)},
        "replace-credential": {"post": _operation("replaceCredential", "Another one.", made, keys)},
        "end-credential": {
            "post": _operation("endCredential", "One of two ends now.", _ALL | _NOT_NOW, {"credential": TEXT})
        },
    }
    known = {
        "id": {"type": "string", "format": "uuid"},
        "kind": {"enum": list(Credential.Kind.values)},
        "made_at": _INSTANT,
        "expires_at": _INSTANT,
        "used_at": {"anyOf": [_INSTANT, {"type": "null"}]},
        "shown": {"type": "boolean", "description": "Whether this request was proven with it."},
    }
    schemas = {
        "Credential": an_object(known),
        "Credentials": an_object({"credentials": a_list(ref("Credential"), 2)}),
        "NewCredential": an_object(known, {"client_secret": TEXT}),
    }
    return {reverse(f"oauth2_provider:{name}"): item for name, item in paths.items()}, schemas


def _operation(name: str, words: str, answers: dict[str, Any], fields: dict[str, Any] | None = None) -> dict[str, Any]:
    form = {"application/x-www-form-urlencoded": {"schema": {"type": "object", "properties": fields}}}
    found = {"operationId": name, "summary": words, "security": [{"partner": []}], "responses": _REFUSED | answers}
    return found | ({"requestBody": {"content": form}} if fields else {})
