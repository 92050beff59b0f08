"""Where partners ask about transactions of their own, and present approvals; the AuthZEN 1.0 form of the same."""

import re
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from accounts.budgets import counter as budget
from ciam_portal.core import clock, links
from ciam_portal.core.audit.decide import Decided, columns_of
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow, Hold, StepUp
from ciam_portal.core.words import sentence
from ciam_portal.decisions import flows, openapi, policy, questions
from ciam_portal.oauth import backend
from ciam_portal.oauth.bodies import Malformed, body, parse
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.views import for_machines, problem
from consent.release.access import acting

T = TypeVar("T")
_WINDOW_SECONDS = 60
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_STATUS = {
    policy.Reason.UNKNOWN_APPROVAL: 404,
    policy.Reason.ALREADY_PRESENTED: 409,
    policy.Reason.OTHER_TRANSACTION: 409,
    policy.Reason.DONE_BEFORE: 409,
    policy.Reason.EXPIRED: 410,
}


def for_deciders(
    form: Callable[[object], T],
) -> Callable[[Callable[[Partner, T, datetime], HttpResponse]], Callable[..., HttpResponse]]:
    """An endpoint for partners that were registered for decisions; what they sent is read by ``form``."""

    def decorate(view: Callable[[Partner, T, datetime], HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def run(request: HttpRequest) -> HttpResponse:
            partner = backend.authenticated(request)
            if partner is None:
                return problem("invalid_client", "authenticate with client_secret_basic", 401)
            if not partner.decision_actions:
                return problem("not_registered", "this partner was not registered for decisions", 403)
            if (refused := _one_more(partner)) is not None:
                response = problem(refused.code, refused.words, refused.status)
                response["Retry-After"] = str(budget.wait("decisions", str(partner.pk)))
                return response
            try:
                asked = form(parse(body(request)))
            except Malformed as error:
                return problem(error.code, error.words, error.status)
            return view(partner, asked, clock.now())

        return for_machines("POST")(run)

    return decorate


def _one_more(partner: Partner) -> Malformed | None:
    """Counts a question; why not, if it is one too many."""
    most = limits.current().approvals.questions_per_minute
    if budget.spend("decisions", str(partner.pk), limit=most, seconds=_WINDOW_SECONDS):
        return None
    return Malformed("too_many_requests", f"no more than {most} questions in a minute", 429)


@for_deciders(questions.question)
def decide(partner: Partner, question: questions.Question, at: datetime) -> HttpResponse:
    """May this be done now?"""
    answered = flows.ask(partner, question, by=acting(partner), at=at)
    reasons = _reasons(answered.decided)
    outcome = columns_of(answered.decided.answer)["answer"]
    told = {"decision_id": str(answered.decided.id), "outcome": outcome, "reasons": reasons}
    return JsonResponse(told | _more(answered))


@for_deciders(questions.redemption)
def redeem(partner: Partner, redemption: questions.Redemption, at: datetime) -> HttpResponse:
    """It is being done: does the approval count?"""
    redeemed = flows.redeem(partner, redemption, by=acting(partner), at=at)
    answer = redeemed.decided.answer
    if isinstance(answer, Allow):
        return JsonResponse({"redeemed": True, "decision_id": str(redeemed.given_by)})
    told = {
        "redeemed": False,
        "error": str(answer.reason),
        "error_description": sentence(answer.reason),
        "decision_id": str(redeemed.decided.id),
    }
    known = _STATUS.get(answer.reason, 403) if isinstance(answer.reason, policy.Reason) else 403
    return JsonResponse(told, status=known)


def _with_callers_id(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """AuthZEN's callers get back the X-Request-ID they sent; our records and logs know the request by our own."""

    @wraps(view)
    def run(request: HttpRequest) -> HttpResponse:
        response, sent = view(request), request.headers.get("X-Request-ID", "")
        if _REQUEST_ID.fullmatch(sent):
            response["X-Request-ID"] = sent
        return response

    return run


@_with_callers_id
@for_deciders(questions.evaluation)
def evaluate(partner: Partner, asked: questions.Question | Malformed, at: datetime) -> HttpResponse:
    """The same question and the same answer, in the shape of AuthZEN 1.0."""
    return JsonResponse(_evaluated(partner, asked, at))


@_with_callers_id
@for_deciders(questions.evaluations)
def evaluate_each(partner: Partner, several: questions.Evaluations, at: datetime) -> HttpResponse:
    """Several of these. Each counts as a question; what is one too many is not decided."""
    told: list[dict[str, Any]] = []
    for asked in several.asked:
        refused = _one_more(partner) if told else None
        told.append(_evaluated(partner, refused or asked, at))
        if told[-1]["decision"] is several.stop_at:
            break
    return JsonResponse({"evaluations": told} if several.is_list else told[0])


def _evaluated(partner: Partner, asked: questions.Question | Malformed, at: datetime) -> dict[str, Any]:
    if isinstance(asked, Malformed):
        error = {"status": asked.status, "code": asked.code, "message": asked.words}
        return {"decision": False, "context": {"error": error}}
    answered = flows.ask(partner, asked, by=acting(partner), at=at)
    decided = answered.decided
    context: dict[str, Any] = {"id": str(decided.id), "outcome": columns_of(decided.answer)["answer"]}
    for reason in _reasons(decided):
        context |= {"reason_user": {"en": reason["words"]}, "reason_admin": {"en": reason["code"]}}
    return {"decision": isinstance(decided.answer, Allow), "context": context | _more(answered)}


def _reasons(decided: Decided) -> list[dict[str, str]]:
    answer = decided.answer
    if isinstance(answer, Allow):
        return []
    return [{"code": str(answer.reason), "words": sentence(answer.reason)}]


def _more(answered: flows.Answered) -> dict[str, Any]:
    match answered.decided.answer:
        case Allow():
            seconds = limits.current().approvals.seconds
            return {"approval": answered.approval, "approval_expires_in": seconds}
        case StepUp(to=to, within=within, challenge=challenge):
            age = {} if within is None else {"max_age": within}
            return {"step_up": {"acr_values": to.acr, "challenge": challenge} | age}
        case Hold(until=until) if until is not None:
            return {"hold_until": until.isoformat()}
    return {}


@for_machines("GET", "HEAD")
def authzen(request: HttpRequest) -> HttpResponse:
    """Where AuthZEN's endpoints are (Authorization API 1.0 section 9)."""
    told = {
        "policy_decision_point": settings.PUBLIC_URL,
        "access_evaluation_endpoint": links.absolute("decisions:evaluate"),
        "access_evaluations_endpoint": links.absolute("decisions:evaluate_each"),
    }
    return _public(told)


@for_machines("GET", "HEAD")
def document(request: HttpRequest) -> HttpResponse:
    """All of this for machines (OpenAPI 3.1)."""
    return _public(openapi.document())


def _public(told: dict[str, Any]) -> JsonResponse:
    response = JsonResponse(told)
    response["Cache-Control"] = "public, max-age=600"
    return response
