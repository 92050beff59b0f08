"""The OpenAPI 3.1 document of the portal's own APIs. Requests are described by the types that read them."""

from functools import cache
from typing import Any

from django.conf import settings
from django.urls import reverse
from pydantic import TypeAdapter

from ciam_portal.core import links
from ciam_portal.core.categories import CATEGORIES
from ciam_portal.core.described import PARTS, TEXT, a_list, an_object, answer, ref
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import ACR_VALUES
from ciam_portal.decisions import shapes
from ciam_portal.oauth import subject_tokens, verified
from ciam_portal.oauth.scopes import DATA_USE, SCOPES, SIGNALS_MANAGE, SIGNALS_READ
from consent.data_use import shapes as data_use

_INSTANT = {"type": "string", "format": "date-time"}
_ID = {"type": "string", "format": "uuid"}
_ACR = {"type": "string", "enum": list(ACR_VALUES)}
_KINDS = {
    "email_verified": {"type": "boolean"},
    "phone_number_verified": {"type": "boolean"},
    verified.CLAIM: {"type": ["object", "array"], "description": "OpenID Connect for Identity Assurance 1.0."},
}
_BASIC: list[dict[str, list[str]]] = [{"partner": []}]
_SERVICE = [{"service": [DATA_USE]}]


@cache
def _requests() -> tuple[dict[str, Any], dict[str, Any]]:
    forms: dict[str, TypeAdapter[Any]] = {
        "decide": shapes.QUESTION,
        "redeem": shapes.REDEMPTION,
        "evaluate": shapes.EVALUATION,
        "evaluateEach": shapes.EVALUATIONS,
        "dataUse": data_use.ASKED,
    }
    named, parts = TypeAdapter.json_schemas(
        [(name, "validation", form) for name, form in forms.items()], ref_template=ref("{model}")["$ref"]
    )
    return {name: schema for (name, _mode), schema in named.items()}, parts["$defs"]


def _schemas() -> dict[str, Any]:
    step_up = an_object(
        {"acr_values": _ACR, "challenge": {"type": "boolean"}}, {"max_age": {"type": "integer", "minimum": 1}}
    )
    more = {
        "approval": {"type": "string", "maxLength": 64, "description": "Present it once, when you act."},
        "approval_expires_in": {"type": "integer", "const": limits.current().approvals.seconds},
        "step_up": ref("StepUp"),
        "hold_until": _INSTANT,
    }
    outcome = {"type": "string", "enum": ["allow", "step_up", "hold", "deny"]}
    reason = an_object({"code": TEXT, "words": {"type": "string", "description": "For the customer."}})
    english = an_object({"en": TEXT})
    known = an_object({"id": _ID, "outcome": outcome}, {"reason_user": english, "reason_admin": english} | more)
    error = an_object({"status": {"type": "integer"}, "code": TEXT, "message": TEXT})
    claims = [claim for scope in SCOPES.values() for claim in scope.claims if claim not in {"sub", verified.EVIDENCE}]
    act = {"type": "object", "description": "Who acts for the customer, if somebody does (RFC 8693 section 4.1)."}
    person = an_object({"sub": TEXT}, {claim: _KINDS.get(claim, TEXT) for claim in claims} | {"act": act})
    country = {"type": "string", "description": "ISO 3166, or nothing if not known."}
    sign_in = an_object(
        {"time": _INSTANT, "acr": {"type": "string", "enum": ["none", *ACR_VALUES]}},
        {"browser": TEXT, "system": TEXT, "country": country},
    )
    withheld = {
        "type": "object",
        "additionalProperties": TEXT,
        "description": "Data categories that were not released although a scope opens them, and why.",
    }
    delegation = an_object(
        {
            "sub": TEXT,
            "subject_token": {"type": "string", "description": "Exchange it, with the access token used here beside."},
            "subject_token_type": {"const": subject_tokens.TYPE},
            "expires_in": {"type": "integer"},
            "scope": TEXT,
            "actions": a_list(TEXT),
            "ends_at": _INSTANT,
        }
    )
    why = {"type": "object", "additionalProperties": TEXT, "description": "The other categories, and why not."}
    used = an_object({"permitted": a_list({"type": "string", "enum": list(CATEGORIES)}), "withheld": why})
    by_subject = {"type": "object", "additionalProperties": ref("Used"), "description": "Each, by the name you gave."}
    return {
        "Used": used,
        "Uses": an_object({"purpose": TEXT, "subjects": by_subject}),
        "StepUp": step_up
        | {
            "description": "Send the customer to the authorization endpoint with acr_values and max_age, then ask anew."
        },
        "Answer": an_object({"decision_id": _ID, "outcome": outcome, "reasons": a_list(reason, 1)}, more),
        "Evaluated": {
            "anyOf": [
                an_object({"decision": {"type": "boolean"}, "context": known}),
                an_object({"decision": {"const": False}, "context": an_object({"error": error})}),
            ]
        },
        "EvaluatedEach": {"anyOf": [an_object({"evaluations": a_list(ref("Evaluated"))}), ref("Evaluated")]},
        "Redeemed": an_object({"redeemed": {"const": True}, "decision_id": _ID}),
        "NotRedeemed": an_object(
            {"redeemed": {"const": False}, "error": TEXT, "error_description": TEXT, "decision_id": _ID}
        ),
        "Problem": an_object({"error": TEXT, "error_description": TEXT}),
        "Unavailable": an_object({"error": {"const": "temporarily_unavailable"}}),
        "Profile": an_object(
            {
                "subject": person,
                "shared": an_object({"consent": _ID, "scopes": a_list({"enum": list(SCOPES)}), "withheld": withheld}),
            }
        ),
        "Delegations": an_object({"delegations": a_list(delegation)}),
        "Activity": an_object({"sub": TEXT, "sign_ins": a_list(sign_in, 50)}),
    }


def _post(
    name: str,
    words: str,
    request: dict[str, Any],
    answers: dict[str, Any],
    *,
    by: list[dict[str, list[str]]] = _BASIC,
    most: str = "16 KiB",
) -> dict[str, Any]:
    refused = {
        "400": answer("Not readable; `error` says why.", "Problem"),
        "401": answer("Not authenticated.", "Problem", "WWW-Authenticate"),
        "403": answer("Not registered for decisions.", "Problem"),
        "405": answer("Not POST.", "Problem", "Allow"),
        "413": answer(f"Larger than {most}.", "Problem"),
        "415": answer("Not application/json.", "Problem"),
        "429": answer("Too many questions.", "Problem", "Retry-After"),
        "503": answer("Database or cache are away.", "Unavailable", "Retry-After"),
    }
    body = {"required": True, "content": {"application/json": {"schema": request}}}
    return {"operationId": name, "summary": words, "security": by, "requestBody": body} | {
        "responses": refused | answers
    }


def _get(name: str, words: str, schema: str, scopes: list[str]) -> dict[str, Any]:
    challenge = "WWW-Authenticate"
    return {
        "operationId": name,
        "summary": words,
        "security": [{"customer": scopes}],
        "responses": {
            "200": answer("As far as consent and policy go at this moment.", schema),
            "400": answer("The token was sent in the address.", "Problem", challenge),
            "401": answer("No live token; or the customer has to prove more (RFC 9470).", "Problem", challenge),
            "403": answer("The scope is not covered; or not now, or not at all.", "Problem", challenge),
            "405": answer("Not GET.", "Problem", "Allow"),
            "429": answer("Too many calls about a new account.", "Problem", "Retry-After"),
            "503": answer("Database or cache are away.", "Unavailable", "Retry-After"),
        },
    }


def document() -> dict[str, Any]:
    """The whole document."""
    asked, parts = _requests()
    redeem = {
        "200": answer("Go on. This was the only time.", "Redeemed"),
        "403": {
            "description": "Not registered for decisions; or it may not be done any more: ask anew.",
            "content": {"application/json": {"schema": {"anyOf": [ref("Problem"), ref("NotRedeemed")]}}},
        },
        "404": answer("No approval of yours.", "NotRedeemed"),
        "409": answer("Presented before, or for another transaction; it is dead now.", "NotRedeemed"),
        "410": answer("Expired.", "NotRedeemed"),
    }
    decided = {"200": answer("The answer, whichever it is.", "Answer")}
    evaluated = {"200": answer("The answer, whichever it is.", "Evaluated")}
    each = {"200": answer("The answers in order; one, if no list was sent.", "EvaluatedEach")}
    uses = {
        "200": answer("What may be used of each subject. It stands in the use ledger.", "Uses"),
        "403": answer("Not registered for uses of data; or not with this token.", "Problem"),
    }
    authorize, token = (links.absolute(n) for n in ("consent:authorize", "oauth2_provider:token"))
    flow = {"authorizationUrl": authorize, "tokenUrl": token, "scopes": {s.name: s.title for s in SCOPES.values()}}
    own = {
        DATA_USE: "Ask what data of customers may be used for, as a service of the business.",
        SIGNALS_READ: "Read your stream of signals, and fetch what waits on it.",
        SIGNALS_MANAGE: "Change it, too.",
    }
    paths, schemas = dict[str, Any](), dict[str, Any]()
    for described in PARTS:
        more, named = described()
        paths, schemas = paths | more, schemas | named
    return {
        "openapi": "3.1.1",
        "info": {"title": settings.PORTAL_NAME, "version": "1", "summary": "Customers' data, and decisions."},
        "servers": [{"url": settings.PUBLIC_URL}],
        "paths": paths
        | {
            reverse("consent:profile"): {"get": _get("profile", "The customer's fields.", "Profile", [])},
            reverse("consent:activity"): {
                "get": _get("activity", "The customer's latest sign-ins.", "Activity", ["activity"])
            },
            reverse("consent:delegations_api"): {
                "get": _get("delegations", "For whom the customer may act.", "Delegations", ["delegations"])
            },
            reverse("decisions:decide"): {"post": _post("decide", "May this be done now?", asked["decide"], decided)},
            reverse("decisions:redeem"): {"post": _post("redeem", "It is being done.", asked["redeem"], redeem)},
            reverse("decisions:evaluate"): {
                "post": _post("evaluate", "The same question (AuthZEN 1.0).", asked["evaluate"], evaluated)
            },
            reverse("decisions:evaluate_each"): {
                "post": _post("evaluateEach", "Several of these (AuthZEN 1.0).", asked["evaluateEach"], each)
            },
            reverse("consent:data_use"): {
                "post": _post(
                    "dataUse",
                    "What may a service use of these customers?",
                    asked["dataUse"],
                    uses,
                    by=_SERVICE,
                    most="1 MiB",
                )
            },
        },
        "components": {
            "schemas": schemas | parts | _schemas(),
            "securitySchemes": {
                "partner": {"type": "http", "scheme": "basic", "description": "client_id and client_secret"},
                "customer": {"type": "oauth2", "flows": {"authorizationCode": flow}},
                "service": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": token, "scopes": own}}},
            },
        },
    }
