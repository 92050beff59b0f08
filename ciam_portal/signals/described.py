"""How partners manage their stream and fetch what waits on it, for the OpenAPI document."""

from typing import Any

from django.urls import reverse
from pydantic import TypeAdapter

from ciam_portal.core.described import PARTS, TEXT, Part, a_list, an_object, answer, ref
from ciam_portal.oauth.scopes import SIGNALS_MANAGE, SIGNALS_READ
from ciam_portal.signals import shapes
from ciam_portal.signals.models import Stream

_READ, _MANAGE = (SIGNALS_READ, SIGNALS_MANAGE), (SIGNALS_MANAGE,)
_FORMS: dict[str, TypeAdapter[Any]] = {
    "Wanted": shapes.WANTED,
    "Status": shapes.STATUS,
    "Verification": shapes.VERIFICATION,
    "About": shapes.ABOUT,
    "Polling": shapes.POLLING,
}
_OFTEN = answer("Too many requests.", "Problem", "Retry-After")
_REFUSED = {
    "401": answer("No live token of the app's own.", "Problem", "WWW-Authenticate"),
    "403": answer("The token is not for this.", "Problem", "WWW-Authenticate"),
    "405": answer("Another method.", "Problem", "Allow"),
    "429": _OFTEN,
    "503": answer("Database or cache are away.", "Unavailable", "Retry-After"),
}
_SENT = {
    "413": answer("Larger than 16 KiB.", "Problem"),
    "415": answer("Not application/json.", "Problem"),
}
_UNREADABLE = {"400": answer("Not readable; `error` says why.", "Problem")}
_UNKNOWN = {"404": answer("No stream of this app's.", "Problem")}
_DONE = {"204": {"description": "Done."}}


@PARTS.join
def described() -> Part:
    """The paths, and the schemas that they name."""
    asked = {"name": "stream_id", "in": "query", "schema": TEXT}
    config = {"200": answer("The stream.", "Stream")} | _UNKNOWN
    standing = {"200": answer("Whether signals are sent, held or dropped.", "Standing")} | _UNKNOWN
    made = {"201": answer("The stream.", "Stream"), "409": answer("There is one already.", "Problem")}
    added = {
        "200": {"description": "It will hear of them, if we know them."},
        "429": answer("Too many requests; or subjects.", "Problem"),
    } | _UNKNOWN
    several = {"200": answer("The stream; all of them, if none was named.", "Streams")} | _UNKNOWN
    whole = {"allOf": [ref("Wanted")], "required": ["stream_id"]}
    waiting = {"200": answer("What waits, oldest first.", "Sets")} | _UNKNOWN
    the = {
        "name": "stream_id",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    }
    remove = {"parameters": [asked | {"required": True}]}
    paths = {
        "signals:stream": {
            "get": _operation("readStream", several, _READ) | {"parameters": [asked]},
            "post": _operation("createStream", made, _MANAGE, ref("Wanted")),
            "patch": _operation("updateStream", config, _MANAGE, whole),
            "put": _operation("replaceStream", config, _MANAGE, whole),
            "delete": _operation("deleteStream", _DONE | _UNKNOWN, _MANAGE) | remove,
        },
        "signals:status": {
            "get": _operation("readStatus", standing, _READ) | remove,
            "post": _operation("setStatus", standing, _MANAGE, ref("Status")),
        },
        "signals:add_subject": {"post": _operation("addSubject", added, _MANAGE, ref("About"))},
        "signals:remove_subject": {"post": _operation("removeSubject", _DONE | _UNKNOWN, _MANAGE, ref("About"))},
        "signals:verify": {"post": _operation("verifyStream", _DONE | _UNKNOWN, _MANAGE, ref("Verification"))},
    }
    found = {reverse(name): item for name, item in paths.items()}
    poll = reverse("signals:poll", args=["x"]).removesuffix("x") + "{stream_id}"
    found[poll] = {"post": _operation("poll", waiting, _READ, ref("Polling")) | {"parameters": [the]}}
    return found, _schemas()


def _operation(
    name: str, answers: dict[str, Any], scopes: tuple[str, ...], form: dict[str, Any] | None = None
) -> dict[str, Any]:
    body = {"requestBody": {"required": True, "content": {"application/json": {"schema": form}}}} if form else {}
    responses = _REFUSED | _UNREADABLE | (_SENT if form else {}) | answers
    by = [{"service": [scope]} for scope in scopes]
    return {"operationId": name, "tags": ["Shared signals (SSF 1.0)"], "security": by, "responses": responses} | body


def _schemas() -> dict[str, Any]:
    _named, parts = TypeAdapter.json_schemas(
        [(name, "validation", form) for name, form in _FORMS.items()], ref_template=ref("{model}")["$ref"]
    )
    delivery = an_object({"method": {"enum": list(Stream.Method.values)}, "endpoint_url": TEXT})
    ours = {
        "iss": TEXT,
        "aud": TEXT,
        "events_supported": a_list(TEXT),
        "events_delivered": a_list(TEXT),
        "min_verification_interval": {"type": "integer"},
    }
    chosen = {"events_requested": a_list(TEXT), "description": TEXT}
    known: dict[str, Any] = parts["$defs"]
    return known | {
        "Stream": an_object({"stream_id": TEXT, **ours, "delivery": delivery}, chosen),
        "Streams": {"anyOf": [ref("Stream"), a_list(ref("Stream"))]},
        "Standing": an_object({"stream_id": TEXT, "status": {"enum": list(Stream.Status.values)}}, {"reason": TEXT}),
        "Sets": an_object(
            {"sets": {"type": "object", "additionalProperties": TEXT, "description": "Signed (RFC 8417), by jti."}},
            {"moreAvailable": {"const": True}},
        ),
    }
