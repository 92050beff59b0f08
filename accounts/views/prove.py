"""Proving: the second step of a sign-in, and proving more (or again) while signed in. One page, two doors."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from django import forms as django_forms
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts import factors, lockout, passwords, proofs, signing
from accounts.factors import Ceremony, Checked, Outcome
from accounts.flows import factors as flows
from accounts.flows import sign_in
from accounts.forms import factors as forms
from accounts.policy import factors as policy
from accounts.proofs import Purpose
from accounts.stages import ProofStage, pending
from accounts.views.account import allow_mail
from ciam_portal import clock, gate
from ciam_portal.audit import why
from ciam_portal.audit.actor import Actor
from ciam_portal.gate import within
from ciam_portal.policy.assurance import Level, Method
from ciam_portal.words import sentence

if TYPE_CHECKING:
    from accounts.models import Session, User

_FORMS: dict[Method, type[django_forms.Form]] = {
    Method.PASSKEY: forms.PasskeyMessage,
    Method.TOTP: forms.AppCode,
    Method.BACKUP_CODE: forms.BackupCode,
    Method.PASSWORD: forms.Password,
    Method.EMAIL_CODE: forms.MailCode,
}
_ASKED = "prove"


def masked(address: str) -> str:
    """A mail address that its owner recognises: shown to whoever knows the password, and to nobody else."""
    name, _at, domain = address.partition("@")
    return f"{name[:1]}···@{domain}"


def local(target: str) -> str:
    """``target`` if it is an address on this site without a host, else nothing."""
    return target if target.startswith("/") and url_has_allowed_host_and_scheme(target, allowed_hosts=None) else ""


class LiveSession:
    """The door of someone who is signed in: a level to reach, then back to where they came from."""

    ceremony = Ceremony.PROVE

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.customer = cast("User", request.user)
        self.session: Session = request.portal_session  # type: ignore[attr-defined]
        self.next = local(request.POST.get("next", "") or request.GET.get("next", ""))
        asked = request.session.get(_ASKED)
        asked = asked if isinstance(asked, dict) else {}
        # Whoever comes without having been sent (the staff site does) is asked for two factors.
        self.to = Level(asked.get("to", Level.AAL2))
        self.within: int | None = asked.get("within")
        self.challenge = bool(asked.get("challenge"))
        self.decision = str(asked.get("decision", ""))
        self.why = _words_of(str(asked.get("reason", "")))

    def is_met(self, at: datetime) -> bool:
        """Nothing more to prove."""
        if self.challenge and not within(self.session.challenged_at, self.within, at):
            return False
        return self.session.assurance.meets(self.to, self.within, at)

    def ways(self, at: datetime) -> tuple[Method, ...]:
        """The methods that lead to the level, best first."""
        held = factors.second_factors(self.customer)
        proven = tuple(Method(name) for name in self.session.methods)
        ways = policy.ways_to_prove(held, self.session.assurance, proven, self.to, at, challenge=self.challenge)
        return tuple(way for way in ways if way is not Method.PASSWORD or self.customer.has_usable_password())

    def passed(self, method: Method, at: datetime) -> HttpResponse:
        """The session rises, gets a new key, and goes on."""
        by = Actor.from_request(self.request)
        self.request.portal_session = sign_in.step_up(self.session, method, by=by, at=at)  # type: ignore[attr-defined]
        signing.rotate(self.request)
        return self.leave()

    def leave(self) -> HttpResponse:
        """Back to the page that asked."""
        self.request.session.pop(_ASKED, None)
        return redirect(self.next or "accounts:security")

    def missed(self) -> HttpResponse | None:
        """A wrong answer changes nothing about the session; it was counted where it was checked."""
        return None

    def send_code(self, at: datetime) -> bool:
        """Mail a code that works in this session only; False if there were too many mails already."""
        if not proofs.within_budget(self.customer.email):
            return False
        flows.send_code(self.customer, self.session, by=Actor.from_request(self.request), at=at)
        return True

    def check_code(self, code: str, at: datetime) -> Checked:
        """Whether this is the code that was mailed."""
        by = Actor.from_request(self.request)
        return flows.answer_with_mail_code(self.customer, Purpose.STEP_UP, self.session.pk, code, by=by, at=at)


class PausedSignIn:
    """The door of someone whose first step was right: a second factor, then in."""

    ceremony = Ceremony.SIGN_IN
    next = ""

    def __init__(self, request: HttpRequest, stage: ProofStage) -> None:
        self.request, self.stage, self.customer, self.to = request, stage, stage.customer, stage.needs
        self.challenge, self.decision = stage.challenge, stage.decision
        self.why = _words_of(gate.Reason.UNUSUAL) if stage.challenge else ""

    def ways(self, at: datetime) -> tuple[Method, ...]:  # noqa: ARG002  (the other door's form)
        """What completes this sign-in, best first."""
        held = factors.second_factors(self.customer)
        return policy.ways_to_finish(held, self.stage.methods, self.to, challenge=self.challenge)

    def passed(self, method: Method, at: datetime) -> HttpResponse:  # noqa: ARG002  (the other door's form)
        """On through the pipeline."""
        return self.stage.passed(method)

    def missed(self) -> HttpResponse | None:
        """Count it; too many, and the sign-in starts over."""
        if self.stage.failed():
            return None
        messages.error(self.request, _("There were too many wrong answers. Please sign in again."))
        return redirect("account_login")

    def send_code(self, at: datetime) -> bool:  # noqa: ARG002  (the other door's form)
        """Mail a code for this sign-in; False if there were too many mails already."""
        return self.stage.send_code()

    def check_code(self, code: str, at: datetime) -> Checked:
        """Whether this is the code that was mailed."""
        by = Actor.from_request(self.request)
        return flows.answer_with_mail_code(self.customer, Purpose.SIGN_IN, self.stage.attempt, code, by=by, at=at)


Door = LiveSession | PausedSignIn


def _words_of(code: str) -> str:
    """The sentence of a reason that the middleware kept as its code."""
    for reason in (*gate.Reason, *policy.Reason):
        if reason.value == code:
            return sentence(reason)
    return _("Please show once more that it is you.")


@sensitive_post_parameters("code", "password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def prove(request: HttpRequest) -> HttpResponse:
    """Signed in: reach the level that was asked for, then back."""
    door = LiveSession(request)
    if door.is_met(clock.now()):
        return door.leave()
    return _answer(door)


@sensitive_post_parameters("code")
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def prove_sign_in(request: HttpRequest) -> HttpResponse:
    """Signing in: the second step."""
    stage = pending(request)
    if stage is None:
        return redirect("home" if request.user.is_authenticated else "account_login")
    return _answer(PausedSignIn(request, stage))


@require_POST
def begin_prove(request: HttpRequest) -> JsonResponse:
    """Options for the browser's passkey dialog, signed in."""
    return JsonResponse(factors.begin_showing(request, Ceremony.PROVE, cast("User", request.user)))


@login_not_required
@require_POST
def begin_prove_sign_in(request: HttpRequest) -> JsonResponse:
    """Options for the browser's passkey dialog, at the second step."""
    stage = pending(request)
    if stage is None:
        return JsonResponse({"error": "over"}, status=409)
    return JsonResponse(factors.begin_showing(request, Ceremony.SIGN_IN, stage.customer))


@require_POST
def send_code(request: HttpRequest) -> HttpResponse:
    """Signed in: mail a code to a customer who has nothing but a password and a mailbox."""
    return _send(LiveSession(request), "accounts:prove")


@login_not_required
@require_POST
def send_sign_in_code(request: HttpRequest) -> HttpResponse:
    """Signing in: mail another code for this sign-in."""
    stage = pending(request)
    return redirect("account_login") if stage is None else _send(PausedSignIn(request, stage), "accounts:prove_sign_in")


def _send(door: Door, page: str) -> HttpResponse:
    request, at = door.request, clock.now()
    if Method.EMAIL_CODE in door.ways(at):
        allow_mail(request)
        if door.send_code(at):
            messages.success(request, _("We have sent you a code. It works for a few minutes, in this browser only."))
        else:
            messages.warning(request, _("We have sent you several mails already. Please try again in an hour."))
    query = urlencode({"way": Method.EMAIL_CODE.value, "next": door.next})
    response = redirect(page)
    response["Location"] += f"?{query}"
    return response


def _answer(door: Door) -> HttpResponse:
    request, at = door.request, clock.now()
    ways = door.ways(at)
    if not ways:
        needed = factors.highest_level(door.customer) < door.to
        words = {"door": door, "needs_factor": needed, "to": door.to, "levels": Level}
        return render(request, "accounts/prove_nothing.html", words)
    way = _chosen(request, ways)
    form = _FORMS[way](request.POST if request.method == "POST" else None)
    checked = Checked(Outcome.WRONG)
    if form.is_valid():
        checked = _check(door, way, form.cleaned_data, at)
        if checked.outcome is Outcome.RIGHT:
            return door.passed(way, at)
        over = door.missed() if checked.outcome is Outcome.WRONG else None
        if over is not None:
            return over
        form.add_error(None, _words_for(way, checked, at))
    elif request.method == "POST" and way is Method.PASSKEY:
        form.add_error(None, _words_for(way, checked, at))
    wait = factors.seconds_until(checked.until, at) if checked.outcome is Outcome.WAIT else None
    return _page(door, ways, way, form, wait)


def _chosen(request: HttpRequest, ways: tuple[Method, ...]) -> Method:
    wanted = request.POST.get("way") or request.GET.get("way")
    return next((way for way in ways if way.value == wanted), ways[0])


def _check(door: Door, way: Method, typed: dict[str, Any], at: datetime) -> Checked:
    by, customer = Actor.from_request(door.request), door.customer
    match way, door:
        case Method.TOTP, _door:
            return flows.answer_with_app(customer, typed["code"], by=by, at=at)
        case Method.BACKUP_CODE, _door:
            return flows.answer_with_backup_code(customer, typed["code"], by=by, at=at)
        case Method.PASSKEY, _door:
            return _check_passkey(door, typed, by, at)
        case Method.PASSWORD, LiveSession():
            return _check_password(door, typed["password"], by, at)
        case Method.EMAIL_CODE, _door:
            return door.check_code(typed["code"], at)
    return Checked(Outcome.WRONG)


def _check_passkey(door: Door, typed: dict[str, Any], by: Actor, at: datetime) -> Checked:
    answer = factors.take_answer(door.request, typed, door.ceremony, door.customer)
    if answer is None:
        return Checked(Outcome.WRONG)
    shown = flows.answer_with_passkey(door.customer, answer, by=by, at=at)
    return Checked(Outcome.RIGHT if shown else Outcome.WRONG)


def _check_password(door: Door, password: str, by: Actor, at: datetime) -> Checked:
    request, customer = door.request, door.customer
    if lockout.is_paused(request, customer.email):
        return Checked(Outcome.WAIT, at + lockout.pause())
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


def _words_for(way: Method, checked: Checked, at: datetime) -> str:
    wait = factors.seconds_until(checked.until, at)
    match checked.outcome:
        case Outcome.DEAD:
            return _("This can no longer be used. Please choose another way.")
        case Outcome.WAIT:
            return _("There were several wrong answers. Please wait %(time)s, then try again.") % {"time": _span(wait)}
    if wait > 1:
        return _WRONG[way]() + " " + _("You can try again in %(time)s.") % {"time": _span(wait)}
    return _WRONG[way]()


def _span(seconds: int) -> str:
    if seconds < 120:  # noqa: PLR2004  (two minutes read better as seconds)
        return _("%(count)d seconds") % {"count": seconds} if seconds > 1 else _("a second")
    if seconds < 2 * 3600:
        return _("%(count)d minutes") % {"count": -(-seconds // 60)}
    return _("%(count)d hours") % {"count": -(-seconds // 3600)}


def _page(door: Door, ways: tuple[Method, ...], way: Method, form: django_forms.Form, wait: int | None) -> HttpResponse:
    words = {
        "door": door,
        "signing_in": isinstance(door, PausedSignIn),
        "form": form,
        "because": why.words(door.decision, door.customer.pk),
        "way": way.value,
        "others": [other.value for other in ways if other is not way],
        "address": door.customer.email if isinstance(door, LiveSession) else masked(door.customer.email),
    }
    response = render(door.request, "accounts/prove.html", words, status=200 if wait is None else 429)
    if wait is not None:
        response["Retry-After"] = str(wait)
    return response
