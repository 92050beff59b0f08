"""Signing up, and what is shown to whom is challenged. Whoever is refused sees what everybody sees."""

from dataclasses import replace
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts.account.forms import NewPassword
from accounts.budgets import bucket, mails
from accounts.budgets import counter as budget
from accounts.customer.proofs import Opened
from accounts.customer.views import link_page
from accounts.models import HeldSignUp, User
from accounts.registration import challenges, facts, flows, forms, policy, shapes
from accounts.registration.proofs import APPEAL, FINISH
from accounts.sessions import signing
from accounts.sign_in.flows import Browser
from accounts.sign_in.forms import SignUp as SignUpForm
from accounts.sign_in.views import entry
from ciam_portal.core import clock, gate
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import OnHold, ProveMore, Refused
from ciam_portal.core.policy import limits

BEATS = 3  # a password is hashed, and an account made or not
_TRAP = "website"  # a field of the form that people do not see
_TICKET = "ticket"
_ASKED = "sign-up asked"
_SENT = "account_email_verification_sent"


class SignUp(entry.SignUp):
    """One decision for each form that is sent."""

    ticket: challenges.Ticket | None = None

    def get_initial(self) -> dict[str, Any]:
        """With when it was opened."""
        return super().get_initial() | {"begun": challenges.opened(clock.now())}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ANN401
        """The form, or the page of a challenge that carries what was typed into it."""
        carried = request.POST.get(_TICKET)
        self.ticket = None if carried is None else challenges.read(carried, clock.now())
        if carried is not None and self.ticket is None:
            return _over(request)
        answer: HttpResponse = super().post(request, *args, **kwargs)
        return answer

    def get_form_kwargs(self) -> dict[str, Any]:
        """What was typed, in this form or in the one before the challenge."""
        typed: dict[str, Any] = super().get_form_kwargs()
        if self.ticket is not None:
            typed["data"] = {"email": self.ticket.email, "password1": self.ticket.password, "zone": self.ticket.zone}
        return typed

    def form_valid(self, form: SignUpForm) -> HttpResponse:
        """The form does not know the browser that sent it."""
        form.browser = browser_at(self.request, form.cleaned_data["email"], filled_in(self.request, self.ticket))
        try:
            with clock.even(BEATS):
                answer: HttpResponse = super().form_valid(form)
        except ProveMore as asked:
            return self.challenged(form, asked)
        except OnHold as held:
            make_password(form.cleaned_data["password1"])  # the time that a success takes
            return put_on_hold(self.request, form.cleaned_data["email"], form.browser, held)
        except Refused as refused:
            make_password(form.cleaned_data["password1"])
            return blandly(self.request, refused)
        return answer

    def challenged(self, form: SignUpForm, asked: ProveMore) -> HttpResponse:
        """The page that does the work."""
        context = puzzle(form, asked) | {"rules": limits.current().sign_up, "next": self.request.POST.get("next", "")}
        return render(self.request, "accounts/registration/challenge.html", context)


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_POST
def by_mail(request: HttpRequest) -> HttpResponse:
    """One more step: the link first, then the form. Raises TooMany."""
    at = clock.now()
    ticket = challenges.read(request.POST.get(_TICKET, ""), at)
    if ticket is None:
        return _over(request)
    browser = replace(browser_at(request, ticket.email, ticket.form), zone=ticket.zone)
    try:
        with clock.even(BEATS):
            flows.by_mail(ticket.email, browser, by=Actor.from_request(request), at=at)
    except OnHold as held:
        return put_on_hold(request, ticket.email, browser, held)
    except Refused as refused:
        return blandly(request, refused)
    return sent(request)


@login_not_required
@sensitive_post_parameters("password")
@link_page(FINISH)
def finish(request: HttpRequest, link: Opened[User]) -> HttpResponse:
    """Behind the link: the password, and the account is ready."""
    form = NewPassword(request.POST or None, customer=link.customer)
    if not form.is_valid():
        return render(request, "accounts/registration/finish.html", {"form": form})
    by = Actor.from_request(request)
    customer = flows.finish(link.secret, form.cleaned_data["password"], by=by, at=clock.now())
    signing.remember_first(request, customer)
    return render(request, "accounts/registration/finished.html")


@login_not_required
@link_page(APPEAL)
def appeal(request: HttpRequest, link: Opened[HeldSignUp]) -> HttpResponse:
    """After a no: what the applicant has to say, for somebody else to look again."""
    form = forms.Appeal(request.POST or None)
    if not form.is_valid():
        return render(request, "accounts/registration/appeal.html", {"form": form})
    flows.appeal(link.secret, form.cleaned_data["said"], by=Actor.from_request(request), at=clock.now())
    return render(request, "accounts/registration/appealed.html", {"hours": limits.current().sign_up.review_hours})


def puzzle(form: SignUpForm, asked: ProveMore) -> dict[str, Any]:
    """The work that passes this challenge, and the ticket that it is for."""
    bits = facts.bits_for(asked.decision)
    ticket = challenges.ticket(form.cleaned_data, form.browser.form, bits, clock.now())
    return {"ticket": ticket, "seed": challenges.seed(ticket), "bits": bits, "parts": challenges.PARTS}


def put_on_hold(request: HttpRequest, email: str, browser: Browser, held: OnHold) -> HttpResponse:
    """Who is held reads it in the mailbox: the page is the one that everybody sees. Raises TooMany."""
    browser = replace(browser, devices=bucket.devices(request, None))
    with clock.even(BEATS):
        flows.hold(email, browser, held.decision, by=Actor.from_request(request), at=clock.now())
    return sent(request)


def _over(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/registration/challenge_over.html", status=410)


def blandly(request: HttpRequest, refused: Refused) -> HttpResponse:
    """What the gate refuses looks like a success; whatever else stands in the way is said."""
    if refused.reason == policy.Reason.SPENT:
        return _over(request)
    if refused.reason != gate.Reason.SIGN_UP_REFUSED:
        raise refused
    return sent(request)


def sent(request: HttpRequest) -> HttpResponse:
    """The page that everybody comes to, with the cookie that everybody gets."""
    request.session[_ASKED] = True
    return redirect(_SENT)


def browser_at(request: HttpRequest, email: str, form: shapes.Form) -> Browser:
    """The browser that sent this form, counted."""
    browser = signing.browser_of(request, email)
    most = limits.current().sign_up.per_address_per_hour
    many = not budget.spend("sign_up", bucket.of(request, email), limit=most, seconds=3600)
    crowded = many or mails.is_used_up(browser.bucket)
    accounts = facts.opened_here(bucket.devices(request, None), clock.now())
    known = bool(bucket.own(request, None))
    return replace(browser, known=known, form=replace(form, crowded=crowded, accounts=accounts))


def browser_for(request: HttpRequest, email: str, zone: str) -> Browser:
    """The same of a form that asks for an address alone."""
    return replace(browser_at(request, email, filled_in(request)), zone=zone)


def filled_in(request: HttpRequest, ticket: challenges.Ticket | None = None) -> shapes.Form:
    """How this form was filled in."""
    at, carried = clock.now(), request.POST.get(_TICKET, "")
    if ticket is None:
        seconds = challenges.filled_seconds(request.POST.get("begun", ""), at)
        return shapes.Form(filled_seconds=seconds, trapped=bool(request.POST.get(_TRAP)))
    if not challenges.is_solved(carried, ticket.bits, request.POST.get("work", "")):
        return ticket.form
    return replace(ticket.form, challenged_at=at, work=shapes.Work(carried, ticket.until))
