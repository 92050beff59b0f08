"""What a page says of itself: @sensitive opens it only when the gate allows, @resumable lets it go on after proving."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.forms import Field, Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.models import User
from accounts.step_up import facts, suspended
from ciam_portal.core import clock, flow, gate
from ciam_portal.core.audit import decide as decisions
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import ProveMore
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Level
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Allow

P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponse)
_SECRET = ("password", "code", "token", "secret", "credential", "ceremony")


def sensitive(
    action: Action,
) -> Callable[[Callable[Concatenate[HttpRequest, P], R]], Callable[Concatenate[HttpRequest, P], R]]:
    """Open the page only if this action may be done now. Raises ProveMore, which leads to proving and back; Refused.

    That a page may be opened is not recorded. What is done on it is, by the flow behind it, which asks under lock.
    """

    def decorate(view: Callable[Concatenate[HttpRequest, P], R]) -> Callable[Concatenate[HttpRequest, P], R]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> R:
            customer, at = request.user, clock.now()
            if not isinstance(customer, User):
                raise ProveMore(Level.AAL1, None, gate.Reason.SESSION_OVER)
            by = Actor.from_request(request)
            asked = facts.for_action(customer, getattr(request, "portal_session", None), by=by, at=at)
            if not isinstance(gate.decide(action, asked, limits=limits.current(), at=at), Allow):
                flow.go_on(decisions.assess(action, asked, about=customer.pk, by=by, at=at))
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def resumable(
    words: Any,  # noqa: ANN401  (text, lazy text, or a callable)
    form: type[Form] = Form,
    *fields: str,
    others: Callable[[str], Field | None] = lambda _name: None,
) -> Callable[
    [Callable[Concatenate[HttpRequest, P], HttpResponse]], Callable[Concatenate[HttpRequest, P], HttpResponse]
]:
    """Let a POST to this view wait for a step-up: after proving, a page says ``words`` and has the one button to go on.

    ``fields`` are the fields of ``form`` that may be kept meanwhile, and shown then; ``others`` knows by their names
    those that come to be with a page. Raises ValueError for a secret. The outermost decorator.
    """
    if secret := [name for name in fields if any(word in name for word in _SECRET)]:
        raise ValueError(f"Secrets are never kept: {', '.join(secret)}.")
    declared = suspended.Declared(words, {name: form.base_fields[name] for name in fields}, others)

    def decorate(
        view: Callable[Concatenate[HttpRequest, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @wraps(view)
        def resumed(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            reference = request.POST.get(suspended.FIELD, "") if request.method == "POST" else ""
            if reference:
                found = suspended.find(request, reference)
                fits = found is not None and found.fields is not None and found.path == request.get_full_path()
                if found is None or not fits or suspended.take(request, reference) is None:
                    return over(request)
                request.POST = found.form()
            return view(request, *args, **kwargs)

        resumed.resumable = declared  # type: ignore[attr-defined]
        return resumed

    return decorate


def over(request: HttpRequest) -> HttpResponse:
    """The page for a reference that was used, has expired, or belongs to somebody else: nothing happens."""
    return render(request, "accounts/step_up/over.html", status=410)
