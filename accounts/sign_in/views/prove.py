"""Proving: the second step of a sign-in, and proving more (or again) while signed in. One page, two doors."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.budgets import lockout
from accounts.customer import proofs
from accounts.factors import bound, flows, forms
from accounts.factors import verifier as factors
from accounts.factors.verifier import Ceremony, Checked, Outcome
from accounts.models import Session
from accounts.passwords import validator as passwords
from accounts.sessions.signing import customer_of
from accounts.sign_in.stages import pending
from accounts.sign_in.views.entry_points import EntryPoint, LiveSession, PausedSignIn
from accounts.step_up import suspended
from accounts.step_up.decorators import over
from accounts.upstream import bound as upstream
from ciam_portal.core import clock, explain
from ciam_portal.core.audit import why
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import TooMany
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.words import masked, span

_USUAL = frozenset({Method.PASSKEY, Method.TOTP})
FORMS: dict[Method, type[django_forms.Form]] = {
    Method.PASSKEY: forms.PasskeyMessage,
    Method.TOTP: forms.AppCode,
    Method.BACKUP_CODE: forms.BackupCode,
    Method.PASSWORD: forms.Password,
    Method.EMAIL_CODE: forms.MailCode,
}


@sensitive_post_parameters("code", "password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def prove(request: HttpRequest) -> HttpResponse:
    """Signed in: reach the level that was asked for, then back."""
    entry = LiveSession(request)
    if entry.is_over:
        return over(request)
    if entry.is_met(clock.now()):
        return entry.leave()
    return _answer(entry)


@never_cache
@require_safe
def go_on(request: HttpRequest) -> HttpResponse:
    """What waited for the proof, in words, and the one button that does it. Opening this page does nothing."""
    found = suspended.find(request, request.GET.get("ref", ""))
    known = suspended.declared_at(found.path) if found else None
    if found is None or known is None or found.fields is None:
        return over(request)
    declared, arguments = known
    context = {
        "title": declared.said(request, arguments),
        "facts": declared.shown(found.fields),
        "proven": bool(found.why),
        "path": found.path,
        "field": suspended.FIELD,
        "reference": found.reference,
    }
    return render(request, "accounts/sign_in/go_on.html", context)


@sensitive_post_parameters("code")
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def prove_sign_in(request: HttpRequest) -> HttpResponse:
    """Signing in: the second step."""
    stage = pending(request)
    if stage is None:
        return redirect("home" if request.user.is_authenticated else "account_login")
    return redirect("accounts:sign_in_held") if stage.held else _answer(PausedSignIn(request, stage))


@require_POST
def begin_prove(request: HttpRequest) -> JsonResponse:
    """Options for the browser's passkey dialog, signed in."""
    return JsonResponse(factors.begin_showing(request, Ceremony.PROVE, customer_of(request)))


@login_not_required
@require_POST
def begin_prove_sign_in(request: HttpRequest) -> JsonResponse:
    """Options for the browser's passkey dialog, at the second step."""
    stage = pending(request)
    if stage is None or stage.held:
        return JsonResponse({"error": "over"}, status=409)
    return JsonResponse(factors.begin_showing(request, Ceremony.SIGN_IN, stage.customer))


@require_POST
def send_code(request: HttpRequest) -> HttpResponse:
    """Signed in: mail a code to a customer who has nothing but a password and a mailbox."""
    entry = LiveSession(request)
    return over(request) if entry.is_over else _send(entry)


@login_not_required
@require_POST
def send_sign_in_code(request: HttpRequest) -> HttpResponse:
    """Signing in: mail another code for this sign-in."""
    stage = pending(request)
    return redirect("account_login") if stage is None or stage.held else _send(PausedSignIn(request, stage))


@login_not_required
@require_POST
def start_over(request: HttpRequest) -> HttpResponse:
    """Signing in: let go of the paused sign-in; the sign-in page would lead back to it otherwise."""
    stage = pending(request)
    if stage is not None:
        stage.abort()
    return redirect("account_login")


def _send(entry: EntryPoint) -> HttpResponse:
    request, at = entry.request, clock.now()
    if Method.EMAIL_CODE in entry.ways(at):
        until = proofs.blocked_until(entry.customer, *entry.code, at)
        if until is not None:
            messages.warning(request, words_for(Method.EMAIL_CODE, Checked(Outcome.WAIT, until), at))
        else:
            _mail(entry, at)
    query = urlencode({"way": Method.EMAIL_CODE.value} | entry.carried)
    response = redirect(entry.page)
    response["Location"] += f"?{query}"
    return response


def _mail(entry: EntryPoint, at: datetime) -> None:
    try:
        entry.send_code(at)
    except TooMany as later:
        words = _("We have sent you several mails already. You can ask for another in %(time)s.")
        messages.warning(entry.request, words % {"time": span(later.retry_after)})
    else:
        words = _("We have sent you a new code. It works for %(count)d minutes, in this browser only.")
        messages.success(entry.request, words % {"count": limits.current().proof.code_minutes})


def _answer(entry: EntryPoint) -> HttpResponse:
    request, at = entry.request, clock.now()
    ways = entry.ways(at)
    if not ways:
        needed = bound.highest_level(entry.customer) < entry.to
        off = bool(factors.switched_off(entry.customer))
        paused = isinstance(entry, PausedSignIn)
        again = [] if paused else [each.upstream for each in upstream.offered(entry.customer) if each.is_good]
        context = {"signing_in": paused, "needs_factor": needed, "app_off": off, "to": entry.to.acr}
        context |= {"upstreams": [] if needed else again, "reference": entry.ref}
        return render(request, "accounts/sign_in/prove_nothing.html", context)
    way = _chosen(entry, ways)
    form = FORMS[way](request.POST if request.method == "POST" else None)
    checked = Checked(Outcome.WRONG)
    if form.is_valid():
        checked, onward = answered(entry, way, form, at)
        if onward is not None:
            return onward
        form.add_error(None, words_for(way, checked, at))
    elif request.method == "POST" and way is Method.PASSKEY:
        form.add_error(None, words_for(way, checked, at))
    wait = factors.seconds_until(checked.until, at) if checked.outcome is Outcome.WAIT else None
    return _page(entry, ways, way, form, wait)


def answered(
    entry: EntryPoint, way: Method, form: django_forms.Form, at: datetime
) -> tuple[Checked, HttpResponse | None]:
    """What an answer is worth, and the page that it leads to: it was right, or one wrong one too many."""
    checked = _check(entry, way, form.cleaned_data, at)
    if checked.outcome is Outcome.RIGHT:
        return checked, entry.passed(way, at)
    return checked, entry.missed(way) if checked.outcome is Outcome.WRONG else None


def _chosen(entry: EntryPoint, ways: tuple[Method, ...]) -> Method:
    """What was asked for; else what was used last, here or anywhere, if it is no backup code; else the best."""
    wanted = entry.request.POST.get("way") or entry.request.GET.get("way")
    for way in ways:
        if way.value == wanted:
            return way
    usual = {way.value: way for way in ways if way in _USUAL}
    if len(usual) < len(_USUAL):
        return ways[0]
    used = Session.objects.ways_used(entry.customer, entry.device)
    return next((usual[way] for way in used if way in usual), ways[0])


def _check(entry: EntryPoint, way: Method, typed: dict[str, Any], at: datetime) -> Checked:
    by, customer = Actor.from_request(entry.request), entry.customer
    match way, entry:
        case Method.TOTP, _door:
            return flows.answer_with_app(customer, typed["code"], entry.origin, by=by, at=at)
        case Method.BACKUP_CODE, _door:
            return flows.answer_with_backup_code(customer, typed["code"], by=by, at=at)
        case Method.PASSKEY, _door:
            return _check_passkey(entry, typed, by, at)
        case Method.PASSWORD, LiveSession():
            return check_password(entry.request, typed["password"], by=by, at=at)
        case Method.EMAIL_CODE, _door:
            return flows.answer_with_mail_code(customer, *entry.code, typed["code"], by=by, at=at)
    return Checked(Outcome.WRONG)


def _check_passkey(entry: EntryPoint, typed: dict[str, Any], by: Actor, at: datetime) -> Checked:
    answer = factors.take_answer(entry.request, typed, entry.ceremony, entry.customer)
    if answer is None:
        return Checked(Outcome.WRONG)
    shown = flows.answer_with_passkey(entry.customer, answer, by=by, at=at)
    return Checked(Outcome.RIGHT if shown else Outcome.WRONG)


def check_password(request: HttpRequest, password: str, *, by: Actor, at: datetime) -> Checked:
    """The signed-in customer's password once more, on whatever page asks for it: counted and recorded alike."""
    customer = customer_of(request)
    paused = lockout.paused_for(request, customer.email)
    if paused:
        return Checked(Outcome.WAIT, at + timedelta(seconds=paused))
    right = lockout.check_password(request, customer, passwords.normal(password))
    flows.note_password(customer, right=right, by=by, at=at)
    return Checked(Outcome.RIGHT if right else Outcome.WRONG)


_WRONG: dict[Method, Callable[[], str]] = {
    Method.TOTP: lambda: _("This code is not right, or it has been used already. Wait for the next one."),
    Method.BACKUP_CODE: lambda: _("This backup code is not right, or it has been used already."),
    Method.PASSKEY: lambda: _("That passkey did not work. Please try again, or choose another way."),
    Method.PASSWORD: lambda: _("This is not your password."),
    Method.EMAIL_CODE: lambda: _("This code is not right, or it is too old. You can ask for a new one."),
}


def words_for(way: Method, checked: Checked, at: datetime) -> str:
    """What is said of an answer that was not right."""
    wait = factors.seconds_until(checked.until, at)
    match checked.outcome:
        case Outcome.DEAD:
            return _("This can no longer be used. Please choose another way.")
        case Outcome.WAIT:
            return _("There were several wrong answers. Please wait %(time)s, then try again.") % {"time": span(wait)}
    if wait > 1:
        return _WRONG[way]() + " " + _("You can try again in %(time)s.") % {"time": span(wait)}
    return _WRONG[way]()


def _because(entry: EntryPoint) -> list[str]:
    """Why. Whoever is not in yet reads of browser and place only: what else gave a thief away is under Activity."""
    found = why.own(entry.decision, entry.customer.pk)
    if found is None:
        return []
    return explain.for_customer(found) if isinstance(entry, LiveSession) else explain.for_newcomer(found)


def _page(
    entry: EntryPoint, ways: tuple[Method, ...], way: Method, form: django_forms.Form, wait: int | None
) -> HttpResponse:
    context = {
        "entry": entry,
        "signing_in": isinstance(entry, PausedSignIn),
        "form": form,
        "because": _because(entry),
        "way": way.value,
        "carried": urlencode(entry.carried),
        "minutes": limits.current().proof.code_minutes,
        "others": [other.value for other in ways if other is not way],
        "address": entry.customer.shown_email if isinstance(entry, LiveSession) else masked(entry.customer.email),
    }
    response = render(entry.request, "accounts/sign_in/prove.html", context, status=200 if wait is None else 429)
    if wait is not None:
        response["Retry-After"] = str(wait)
    return response
