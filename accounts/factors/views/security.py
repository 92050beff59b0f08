"""How a customer proves who they are: the overview, the authenticator app, the backup codes."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from accounts.factors import bound, flows, forms, policy, verifier
from accounts.factors.views import new_codes
from accounts.models import User
from accounts.restrictions import views as restrictions
from accounts.sessions import signing
from accounts.step_up import facts
from accounts.step_up.decorators import resumable, sensitive
from accounts.trust import facts as trust
from accounts.upstream import bound as upstream
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.words import sentence

_SEED = "app_seed"
_OFFERED = (
    Action.CHANGE_EMAIL, Action.CHANGE_PASSWORD, Action.ADD_FACTOR, Action.REMOVE_FACTOR, Action.VIEW_BACKUP_CODES,
    Action.LINK_SIGN_IN,
)  # fmt: skip
_STEPS = (lazy("Scan"), lazy("Confirm"), lazy("Keep backup codes"))


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Password, address, second factors, and what this session has proven."""
    customer, session = signing.customer_of(request), signing.session_of(request)
    have, by, at = bound.listed(customer), Actor.from_request(request), clock.now()
    rules, evidence = limits.current(), trust.evidence_of(customer, at)
    context = {
        "have": have,
        "waits": facts.held(customer, session, *_OFFERED, by=by, at=at),
        "app_off": bool(have.app and verifier.is_off(have.app)),
        "strong": bool(have.app or have.passkeys),
        "few_codes": have.codes_left <= verifier.FEW_LEFT,
        "room_for_passkeys": len(have.passkeys) < rules.factors.passkeys,
        "elsewhere": upstream.offered(customer),
        "level": session.assurance.level.acr,
        "restriction": restrictions.shown(customer, at),
        "limits": trust.lines(customer, evidence, at),
        "may_ask": trust.may_ask(customer, evidence, at),
        "quarantine": facts.quarantine_words(customer, at),
    }
    return render(request, "accounts/factors/security.html", context)


@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive(Action.ADD_FACTOR)
def add_app(request: HttpRequest) -> HttpResponse:
    """Scan a picture, type the code: the app is bound once it has shown that it knows the seed."""
    customer, at = signing.customer_of(request), clock.now()
    if Method.TOTP in bound.second_factors(customer):
        messages.warning(request, sentence(policy.Reason.ONE_APP))
        return redirect("accounts:security")
    seed = verifier.pending_seed(request.session, _SEED, f"app being added:{customer.pk}")
    form = forms.AppCode(request.POST or None)
    if form.is_valid() and _add(request, customer, seed, form.cleaned_data["code"], at):
        messages.success(request, _("Your authenticator app is on."))
        return redirect("accounts:backup_codes" if not _has_codes(customer) else "accounts:security")
    if form.is_valid():
        form.add_error("code", _("This code is not right. Wait for the next one; your phone must show the right time."))
    context = {
        "form": form,
        "steps": _STEPS,
        "picture": verifier.seed_as_picture(seed, customer),
        "secret": verifier.seed_in_groups(seed),
    }
    return render(request, "accounts/factors/totp_add.html", context)


@sensitive_variables("seed", "code")
def _add(request: HttpRequest, customer: User, seed: bytes, code: str, at: datetime) -> bool:
    if not flows.add_app(customer, signing.session_of(request), seed, code, by=Actor.from_request(request), at=at):
        return False
    request.session.pop(_SEED, None)
    signing.rotate(request)
    return True


@resumable(lazy("Remove your authenticator app"))
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive(Action.REMOVE_FACTOR)
def remove_app(request: HttpRequest) -> HttpResponse:
    """Asks first, and says what it means."""
    customer = signing.customer_of(request)
    have = bound.listed(customer)
    if have.app is None:
        messages.warning(request, sentence(policy.Reason.NOT_THERE))
        return redirect("accounts:security")
    if request.method == "POST":
        flows.remove_app(customer, signing.session_of(request), by=Actor.from_request(request), at=clock.now())
        messages.success(request, _("Your authenticator app is removed."))
        return redirect("accounts:security")
    context = {"title": _("Remove your authenticator app"), "what": _("Codes from this app"), "last": not have.passkeys}
    return render(request, "accounts/factors/factor_remove.html", context)


@require_safe
@sensitive(Action.VIEW_BACKUP_CODES)
def backup_codes(request: HttpRequest) -> HttpResponse:
    """How many are left, and the button that makes new ones."""
    have = bound.listed(signing.customer_of(request))
    context = {
        "have": have,
        "strong": bool(have.app or have.passkeys),
        "count": limits.current().factors.backup_codes,
        "steps": _STEPS,
    }
    return render(request, "accounts/factors/backup_codes.html", context)


@resumable(lazy("Make new backup codes"))
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive(Action.VIEW_BACKUP_CODES)
def new_backup_codes(request: HttpRequest) -> HttpResponse:
    """Makes them; then the page can be looked at for a few minutes, in the session that made them."""
    customer, session, at = signing.customer_of(request), signing.session_of(request), clock.now()
    place = f"new-backup-codes:{session.pk}"
    if request.method == "POST":
        new_codes.keep(place, flows.make_backup_codes(customer, session, by=Actor.from_request(request), at=at), at)
        return redirect("accounts:backup_codes_new")
    found = new_codes.find(place)
    if found is None:
        return redirect("accounts:backup_codes")
    return render(request, "accounts/factors/backup_codes_new.html", found)


def _has_codes(customer: User) -> bool:
    return Method.BACKUP_CODE in bound.second_factors(customer)
