"""The page on which a browser's notices are switched on and off, and the worker that shows them."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.budgets import counter as budget
from accounts.models import PushSubscription
from accounts.push import encryption, facts, flows, forms
from accounts.push.policy import Reason
from accounts.sessions.signing import customer_of, session_of
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy import limits

View = Callable[..., HttpResponseBase]
_HOUR = 3600


def if_there(view: View) -> View:
    """A page that is not there in an installation without a key for it."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # noqa: ANN401  (any page's)
        if not facts.is_there():
            raise Http404
        return view(request, *args, **kwargs)

    return answer


@if_there
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """Whether this browser is told, which others are; and switching it on here."""
    customer, at, rules = customer_of(request), clock.now(), limits.current().notices
    form = forms.SwitchOn(request.POST or None)
    if form.is_valid():
        flows.switch_on(session_of(request), form.cleaned_data["subscription"], by=Actor.from_request(request), at=at)
        messages.success(request, _("Notices are switched on in this browser."))
        return redirect("accounts:push")
    row = facts.here(session_of(request), at)
    context = {
        "form": form,
        "row": row,
        "until": customer.local(row.expires_at) if row else "",
        "nights": forms.Nights(initial={"at_night": row.at_night}) if row else None,
        "others": PushSubscription.objects.of(customer.pk).standing(at).exclude(session=session_of(request)),
        "key": encryption.public(settings.VAPID_KEYS[0]),
        "rules": rules,
    }
    return render(request, "accounts/push/push.html", context)


@if_there
@require_POST
def nights(request: HttpRequest) -> HttpResponse:
    """At night too, or not."""
    row = facts.here(session_of(request), clock.now())
    if row is not None:
        form = forms.Nights(request.POST)
        chosen = form.is_valid() and form.cleaned_data["at_night"]
        flows.choose_nights(row, at_night=chosen, by=Actor.from_request(request), at=clock.now())
        messages.success(request, _("Saved."))
    return redirect("accounts:push")


@if_there
@require_POST
def test(request: HttpRequest) -> HttpResponse:
    """A message to this browser."""
    row = facts.here(session_of(request), clock.now())
    if row is not None:
        most, who = limits.current().notices.push_tests_per_hour, str(row.session_id)
        budget.take("push_test", who, limit=most, seconds=_HOUR, reason=Reason.TOO_MANY)
        flows.test(row, by=Actor.from_request(request), at=clock.now())
        messages.success(request, _("The test message is on its way. It comes within a minute."))
    return redirect("accounts:push")


@if_there
@require_POST
def switch_off(request: HttpRequest, key: UUID) -> HttpResponse:
    """No more, in this browser or in another of theirs."""
    rows = PushSubscription.objects.of(customer_of(request).pk)
    if row := rows.filter(pk=key).first():
        flows.switch_off(row, by=Actor.from_request(request), at=clock.now())
    messages.success(request, _("Notices are switched off there."))
    return redirect("accounts:push")


@if_there
@login_not_required
@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The script that shows them. It stands below the page, so that it has to do with no other page of ours."""
    script = Path(finders.find("push-worker.js") or "")
    return HttpResponse(script.read_bytes(), content_type="text/javascript; charset=utf-8")
