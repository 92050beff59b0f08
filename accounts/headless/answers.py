"""What the app is answered: where it stands (200, or 401 with what comes next), and what it sent wrong."""

from typing import Any
from uuid import UUID

from django.forms import Form
from django.http import HttpRequest, HttpResponse, JsonResponse

from accounts.factors.policy import Wanted
from accounts.sessions.signing import customer_of, session_of
from accounts.sign_in.stages import pending
from accounts.sign_in.views.entry_points import EntryPoint, LiveSession, PausedSignIn
from ciam_portal.core import clock, gate, reference
from ciam_portal.core.errors import OnHold, ProveMore, Refused, TooMany
from ciam_portal.core.policy.assurance import Level, Method
from ciam_portal.core.words import sentence, why_not
from ciam_portal.oauth import dpop
from ciam_portal.oauth.bodies import Malformed
from ciam_portal.oauth.errors import ProtocolError

PATH = "/_allauth/app/v1/"
_WANTED = "wanted"
_TYPES = {Method.PASSKEY: "webauthn", Method.TOTP: "totp", Method.BACKUP_CODE: "recovery_codes"}
_NAMES = {"login": "email", "password1": "password", "__all__": ""}
_DOORS = [{"id": "login"}, {"id": "signup"}]


class StepUp(LiveSession):
    """Somebody who is signed in, and what the latest refusal asked of them; two steps, if nothing did."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        if asked := request.session.get(_WANTED):
            self.wanted = Wanted(Level(asked["to"]), asked["within"], asked["challenge"])
            self.to = self.wanted.to


def entry_of(request: HttpRequest) -> EntryPoint | None:
    """Where somebody may prove something: in their session, or in the sign-in that is paused here."""
    if request.user.is_authenticated:
        return StepUp(request)
    stage = pending(request)
    return None if stage is None or stage.held else PausedSignIn(request, stage)


def standing(request: HttpRequest) -> HttpResponse:
    """Signed in (200); held (403); or what comes next (401)."""
    if request.user.is_authenticated:
        return _told(request, 200, _signed_in(request))
    stage = pending(request)
    if stage is None:
        return _told(request, 401, {"flows": _DOORS})
    if stage.held:
        return errors(
            403, str(gate.Reason.SIGN_IN_HELD), sentence(gate.Reason.SIGN_IN_HELD), reference.of(UUID(stage.held))
        )
    return _next(request, PausedSignIn(request, stage), stage.reason)


def _next(request: HttpRequest, entry: EntryPoint, reason: str) -> HttpResponse:
    """What of theirs leads on; a refusal, if nothing does."""
    live, ways = isinstance(entry, LiveSession), entry.ways(clock.now())
    types = [_TYPES[way] for way in ways if way in _TYPES]
    flows: list[dict[str, Any]] = []
    if types:
        flows.append({"id": "mfa_reauthenticate" if live else "mfa_authenticate", "types": types, "is_pending": True})
    if Method.PASSWORD in ways:
        flows.append({"id": "reauthenticate", "is_pending": True})
    if Method.EMAIL_CODE in ways:
        flows.append({"id": "login_by_code", "is_pending": True})
    return _told(request, 401, {"flows": flows}) if flows else errors(403, reason, why_not(reason))


def confirm_address(request: HttpRequest) -> HttpResponse:
    """After a sign-up, and a sign-in before the address is confirmed: the same for everyone."""
    return _told(request, 401, {"flows": [{"id": "verify_email", "is_pending": True}]})


def challenged(request: HttpRequest, puzzle: dict[str, Any]) -> HttpResponse:
    """One more step of a sign-up: work that the app does by itself, and sends with the ticket."""
    return _told(request, 401, {"flows": [{"id": "proof_of_work", "is_pending": True} | puzzle]})


def _signed_in(request: HttpRequest) -> dict[str, Any]:
    customer, session = customer_of(request), session_of(request)
    user = {
        "display": customer.name or customer.shown_email,
        "email": customer.email,
        "has_usable_password": customer.has_usable_password(),
    }
    methods = [{"method": name, "at": session.auth_time.timestamp()} for name in session.methods]
    return {"user": user, "methods": methods, "acr": Level(session.level).acr}


def _told(request: HttpRequest, status: int, data: dict[str, Any]) -> HttpResponse:
    if status == 401:  # noqa: PLR2004  (what comes next is nothing that was forbidden)
        request.forbidden = ""  # type: ignore[attr-defined]
    meta = {"is_authenticated": request.user.is_authenticated}
    return JsonResponse({"status": status, "data": data, "meta": meta}, status=status)


def done(request: HttpRequest, **data: Any) -> HttpResponse:  # noqa: ANN401  (JSON)
    """It is done, or begun, whoever asked."""
    return _told(request, 200, data)


def errors(status: int, code: str, words: str, number: str = "", *, param: str = "") -> HttpResponse:
    """What is wrong, in one sentence that the app may show; ``number``: the reference of the decision."""
    found = {"code": code, "message": words} | ({"param": param} if param else {})
    told = {"status": status, "errors": [found]} | ({"reference": number} if number else {})
    return JsonResponse(told, status=status)


def invalid(form: Form, **names: str) -> HttpResponse:
    """What was typed wrong, by the ``names`` that the app knows it by."""
    names = _NAMES | names
    found = [
        {"code": str(each["code"] or "invalid"), "message": each["message"]}
        | ({"param": name} if (name := names.get(field, field)) else {})
        for field, each_of in form.errors.get_json_data().items()
        for each in each_of
    ]
    return JsonResponse({"status": 400, "errors": found}, status=400)


def malformed(error: Malformed) -> HttpResponse:
    """What was sent cannot be read."""
    return errors(error.status, error.code, error.words)


def gone() -> HttpResponse:
    """The session is over, or was never this app's: its token is to be thrown away (410)."""
    told = {"status": 410, "data": {}, "meta": {"is_authenticated": False}}
    return JsonResponse(told, status=410)


def conflict() -> HttpResponse:
    """Nothing waits for this, or somebody is signed in already (409)."""
    return JsonResponse({"status": 409}, status=409)


def unproven(request: HttpRequest, error: ProtocolError) -> HttpResponse:
    """The request is not signed by the app's key (RFC 9449 section 7.1)."""
    response = errors(401, error.error, error.description)
    if error.error == dpop.WANTS_NONCE:
        request.forbidden = ""  # type: ignore[attr-defined]  # nothing of it is known yet
    response["WWW-Authenticate"] = f'{dpop.SCHEME} error="{error.error}"'
    return response


def refused(request: HttpRequest, error: Refused) -> HttpResponse:
    """No (403), not yet (403), prove more (401), or too often (429)."""
    if isinstance(error, ProveMore) and not request.user.is_authenticated:
        return standing(request)
    if isinstance(error, ProveMore):
        asked = {"to": int(error.to), "within": error.within, "challenge": error.challenge}
        request.session[_WANTED] = asked
        return _next(request, StepUp(request), str(error.reason))
    status = 429 if isinstance(error, TooMany) else 403
    response = errors(status, str(error.reason), sentence(error.reason), reference.of(error.decision))
    if isinstance(error, TooMany):
        response["Retry-After"] = str(error.retry_after)
    elif isinstance(error, OnHold) and error.until is not None:
        response["Retry-After"] = str(max(1, int((error.until - clock.now()).total_seconds())))
    return response
