"""Your data: what can be done about it, what was asked, where it stands and until when it is answered."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.sessions.signing import customer_of, session_of
from accounts.step_up.decorators import resumable
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.words import sentence
from consent.models import Request
from consent.purposes import facts as purposes
from consent.rights import flows, forms
from consent.rights.policy import About, Answer, Reason, State, WhyLonger

_MOST = 50
_OVER = frozenset({Reason.NOT_OPEN, Reason.NOT_RESTRICTED})
_ON_THE_PAGE = frozenset({Reason.ALREADY_ASKED, Reason.NOT_FITTING})


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All of it on one page."""
    customer, at = customer_of(request), clock.now()
    theirs = Request.objects.of(customer.pk)
    rows = [
        {
            "request": row,
            "asked": customer.local(row.asked_at),
            "until": customer.local(row.due_at) if row.state == State.OPEN else "",
            "ended": customer.local(row.ended_at) if row.ended_at else "",
            "is_late": row.state == State.OPEN and at >= row.due_at,
            "answer": sentence(Answer(row.answer)) if row.answer else "",
            "longer": sentence(WhyLonger(row.longer)) if row.longer else "",
        }
        for row in theirs[:_MOST]
    ]
    words = {"rows": rows, "restricting": theirs.restricting().first(), "days": limits.current().rights.answer_days}
    return render(request, "consent/rights/index.html", words)


@resumable(lazy("Ask us to correct your data"), forms.Correct, "about", "text")
@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest) -> HttpResponse:
    """What can be corrected where, and a request for the rest."""
    return _asks(request, forms.Correct(request.POST or None), "consent/rights/correct.html")


@resumable(lazy("Restrict the use of your data"), forms.Restrict, "about", "text")
@require_http_methods(["GET", "HEAD", "POST"])
def restrict(request: HttpRequest) -> HttpResponse:
    """What rests and what goes on, before the button."""
    return _asks(request, forms.Restrict(request.POST or None), "consent/rights/restrict.html")


@resumable(lazy("Object to a use of your data"), forms.Object, "about", "text")
@require_http_methods(["GET", "HEAD", "POST"])
def object_to(request: HttpRequest) -> HttpResponse:
    """What has a switch of its own, and a request for the rest."""
    return _asks(request, forms.Object(request.POST or None), "consent/rights/object.html")


@require_POST
def withdraw(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Take a request back."""
    found = get_object_or_404(Request.objects.of(customer_of(request).pk), pk=request_id)
    return _ended(request, found, flows.withdraw, _("Your request is taken back."))


@require_POST
def lift(request: HttpRequest, request_id: UUID) -> HttpResponse:
    """Let the use of one's data go on."""
    found = get_object_or_404(Request.objects.of(customer_of(request).pk), pk=request_id)
    return _ended(request, found, flows.lift, _("The restriction is ended. What you allowed before is allowed again."))


def _ended(request: HttpRequest, found: Request, verb: Callable[..., None], words: str) -> HttpResponse:
    """Pressed twice, or in another tab after it was over: the page says how it stands."""
    try:
        verb(found, by=Actor.from_request(request), at=clock.now())
    except Refused as refused:
        if refused.reason not in _OVER:
            raise
        messages.info(request, sentence(refused.reason))
    else:
        messages.success(request, words)
    return redirect("consent:rights")


def _asks(request: HttpRequest, form: forms.Ask, page: str) -> HttpResponse:
    customer, at = customer_of(request), clock.now()
    if form.is_valid():
        said, by = form.cleaned_data, Actor.from_request(request)
        try:
            flows.ask(customer, session_of(request), form.kind, About(said["about"]), said["text"], by=by, at=at)
        except Refused as refused:
            if refused.reason not in _ON_THE_PAGE:
                raise
            form.add_error(None, sentence(refused.reason))
        else:
            messages.success(request, _("We have your request. You read here, and by mail, what becomes of it."))
            return redirect("consent:rights")
    words = {
        "form": form,
        "days": limits.current().rights.answer_days,
        "restricting": Request.objects.of(customer.pk).restricting().first(),
        "objected_here": [now for now in purposes.active(at).values() if now.may_be_objected_to],
    }
    return render(request, page, words, status=409 if form.non_field_errors() else 200)
