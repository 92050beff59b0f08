"""The pages of somebody who cannot get in: who they are, what they can show, the wait."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.budgets import bucket
from accounts.budgets import counter as budget
from accounts.factors import verifier as factors
from accounts.factors.forms import AppCode, BackupCode, MailCode, PasskeyMessage
from accounts.factors.verifier import Ceremony
from accounts.sessions import signing
from accounts.sign_in.flows import Browser
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.outbox.notice import Medium
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from recovery.case import facts, forms
from recovery.case.flows import finish, guesses, show, wait
from recovery.case.flows.show import Attempt
from recovery.case.policy import cases
from recovery.case.policy.evidence import Way, method
from recovery.case.policy.states import State
from recovery.case.policy.waiting import earliest_completion
from recovery.case.views import attempt
from recovery.models import Case

_FORMS: dict[Way, type[django_forms.Form]] = {
    Way.MAIL: MailCode,
    Way.SMS: forms.SmsCode,
    Way.SAVED: BackupCode,
    Way.CONTACT: forms.ContactCode,
    Way.APP: AppCode,
    Way.PASSKEY: PasskeyMessage,
}
_MINUTE, _HOUR = 60, 3600


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Whose account, and what is lost. One answer for everyone; what waits in this browser is gone on with."""
    form = forms.Start(request.POST or None)
    if request.recovery_here:  # type: ignore[attr-defined]
        if request.method == "POST":  # a page from before: the key of what waits would be lost
            words = _("A recovery waits in this browser already. For another account use a private window.")
            messages.warning(request, words)
        return redirect("recovery:case")
    if not form.is_valid():
        return render(request, "recovery/case/start.html", {"form": form})
    with clock.even():
        made = attempt.begin(form.cleaned_data["email"], form.lost())
        browser, by = signing.browser_of(request, made.email), Actor.stranger(request)
        show.ask(made, Way.MAIL, browser, by=by, at=clock.now())
    return attempt.keep(redirect("recovery:show"), made)


@login_not_required
@never_cache
@require_POST
def send(request: HttpRequest) -> HttpResponse:
    """One more code, by mail, to the phone, or through contacts. One answer for everyone."""
    made = attempt.of(request)
    if made is None:
        return redirect("recovery:start")
    elsewhere = attempt.moved_on(request, "recovery:show")
    if elsewhere is not None:
        return elsewhere
    way, at = _chosen(request, _first(show.SENT)), clock.now()
    with clock.even():
        show.ask(made, way, _browser(request, made), by=Actor.stranger(request), at=at)
    if _shut(request, way, at):
        return _to_show(way)
    asked = _("If you have named somebody, they are being asked now.")
    sent = _("If there is such an address, we send a code to it, a few in an hour at most.")
    messages.info(request, asked if way is Way.CONTACT else sent)
    return _to_show(way)


def _browser(request: HttpRequest, made: Attempt) -> Browser:
    """This browser; once it has shown something of the account, what it asks for is counted by its own recovery."""
    browser, case = signing.browser_of(request, made.email), attempt.case_here(request)
    return browser if browser.own or case is None or not case.is_live else replace(browser, bucket=f"case {case.pk}")


def _shut(request: HttpRequest, way: Way, at: datetime) -> str:
    """Until when this way is shut, for whoever has shown something; nothing if it is open, or nothing was shown."""
    case = attempt.case_here(request)
    until = guesses.shut_until(case.customer, way, at) if case is not None and case.is_live else None
    return case.customer.local(until) if case is not None and until is not None else ""


def _to_show(way: Way) -> HttpResponse:
    response = redirect("recovery:show")
    response["Location"] += f"?way={way.value}"
    return response


def _first(among: tuple[Way, ...] = (Way.MAIL, Way.SMS, Way.SAVED, Way.CONTACT)) -> tuple[Way, ...]:
    """Those of them that this installation has: text messages only with a carrier."""
    return tuple(way for way in among if way is not Way.SMS or Medium.SMS.is_there)


def _chosen(request: HttpRequest, ways: tuple[Way, ...]) -> Way:
    wanted = request.POST.get("way") or request.GET.get("way")
    return next((way for way in ways if way.value == wanted), ways[0])


def _ways(made: Attempt, case: Case | None) -> tuple[Way, ...]:
    """What can be shown next: nothing that adds nothing, nothing that is lost, a factor only after a code."""
    if case is None or not case.is_live:
        return _first()
    shown = {method(Way(way)) for way in case.shown.values_list("way", flat=True)}
    held = ((Way.PASSKEY, Method.PASSKEY), (Way.APP, Method.TOTP)) if facts.needed(case.customer).factors_count else ()
    kept = [way for way, factor in held if factor not in made.lost]
    return tuple(way for way in (*kept, *_first()) if method(way) not in shown)


@sensitive_post_parameters("code")
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show_one(request: HttpRequest) -> HttpResponse:
    """Type a code, or show a factor; then, if that is not enough, another."""
    made, case = attempt.of(request), attempt.case_here(request)
    if made is None:
        return redirect("recovery:start")
    if case is not None and case.state != State.OPEN:
        return redirect("recovery:case")
    elsewhere = attempt.moved_on(request, "recovery:show") if request.method == "POST" else None
    if elsewhere is not None:
        return elsewhere
    ways = _ways(made, case)
    way, at = _chosen(request, ways), clock.now()
    form = _FORMS[way](request.POST if request.method == "POST" else None)
    if form.is_valid():
        found = _look(request, made, way, form.cleaned_data, at)
        if found is not None:
            if way is Way.MAIL:
                bucket.reads_mail(request, made.email, at)
            return _after(request, found)
        form.add_error(None if way is Way.PASSKEY else "code", _("This is not right, or it is too old."))
    shut = _shut(request, way, at)
    context = {
        "here": attempt.here(request, "recovery:show"),
        "send": attempt.here(request, "recovery:send"),
        "form": form,
        "way": way.value,
        "others": [other.value for other in ways if other is not way],
        "sent": way in show.SENT,
        "case": case,
        "shut": shut,
        "hours": limits.current().recovery.contact_code_hours,
        "minutes": limits.current().proof.code_minutes,
        "rest": limits.current().recovery.address_rest_hours,
    }
    return render(request, "recovery/case/show.html", context)


def _look(request: HttpRequest, made: Attempt, way: Way, typed: dict[str, Any], at: datetime) -> Case | None:
    # Each try has some guesses of its own, so that others at the same address use up nothing of its owner's.
    most, who = limits.current().sign_in.attempts_per_address_per_minute, _browser(request, made).bucket
    if not budget.spend("recovery_try", made.key, limit=most, seconds=_HOUR):
        budget.take("recovery_guess", who, limit=most, seconds=_MINUTE, reason=cases.Reason.TOO_MANY_TRIES)
    with clock.even():
        answer: str | factors.Answer | None
        if way is Way.PASSKEY:
            case = attempt.case_here(request)
            answer = factors.take_answer(request, typed, Ceremony.RECOVER, case.customer if case else None)
        else:
            answer = typed["code"]
        if answer is None:
            return None
        return show.show(made, way, answer, by=Actor.stranger(request), at=at)


def _after(request: HttpRequest, case: Case) -> HttpResponse:
    if case.state == State.PROVEN:
        wait.cool_off(case, signing.browser_of(request), by=Actor.stranger(request), at=clock.now())
        made = attempt.of(request)
        response = redirect("recovery:case")
        return response if made is None else attempt.keep(response, made)  # the wait may outlast the first cookie
    messages.success(request, _("Thank you. Now show one more thing, of another kind."))
    return redirect("recovery:show")


@login_not_required
@never_cache
@require_POST
def begin_passkey(request: HttpRequest) -> JsonResponse:
    """Options for the browser's passkey dialog, once something else was shown."""
    case = attempt.case_here(request)
    if case is None or case.state != State.OPEN:
        return JsonResponse({"error": "over"}, status=409)
    return JsonResponse(factors.begin_showing(request, Ceremony.RECOVER, case.customer))


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def case_page(request: HttpRequest) -> HttpResponse:
    """Where the recovery stands. Whoever showed enough but was held up tries the next step again with the button."""
    case, at = attempt.case_here(request), clock.now()
    if case is None:
        return render(request, "recovery/case/elsewhere.html")
    if case.state == State.OPEN:
        return redirect("recovery:show")
    if case.state == State.PROVEN and request.method == "POST":
        elsewhere = attempt.moved_on(request, "recovery:case")
        if elsewhere is not None:
            return elsewhere
        wait.cool_off(case, signing.browser_of(request), by=Actor.stranger(request), at=at)
        return redirect("recovery:case")
    if not case.is_live or wait.is_over(case, at):
        return render(request, "recovery/case/over.html", {"case": case}, status=410)
    now = facts.of_case(case)
    until = earliest_completion(now.ready, limits=limits.current()) if now.ready else None
    context = {
        "here": attempt.here(request, "recovery:case"),
        "by_sign_in": now.needed.factors and case.customer.stands,
        "case": case,
        "until": case.customer.local(until) if until else "",
        "left": span(until - at) if until and until > at else "",
        "ready": wait.is_ready(case, at),
        "needs_factor": finish.needs_factor(case),
    }
    return render(request, "recovery/case/case.html", context)


def span(left: timedelta) -> str:
    """How long that still is, in words; the last hours to the minute."""
    days, hours, minutes = left.days, left.seconds // 3600, left.seconds // 60 % 60
    context = {
        "day": ngettext("%(count)s day", "%(count)s days", days) % {"count": days},
        "hour": ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours},
        "minute": ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes},
    }
    units = (("day", days), ("hour", hours)) if days else (("hour", hours), ("minute", minutes))
    shown = [context[unit] for unit, count in units if count]
    return _(" and ").join(shown) if shown else _("less than a minute")
