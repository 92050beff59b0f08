"""Passkeys: added, renamed, removed; and signing in with one. The pages' other half is static/passkeys.js.

A ceremony has two requests: "begin" answers JSON for the browser's passkey dialog; what the dialog made comes back as
an ordinary form, so that redirects, messages and refusals work as everywhere else.
"""

from collections.abc import Collection
from itertools import count
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.budgets import bucket
from accounts.budgets import counter as budget
from accounts.factors import bound, flows, forms, policy, verifier
from accounts.factors.verifier import Ceremony
from accounts.models import Passkey, User
from accounts.sessions import agents, signing
from accounts.sign_in.onward import local
from accounts.sign_in.stages import Denied
from accounts.step_up.decorators import resumable, sensitive
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.words import UNKNOWN, agent, sentence

_MINUTE = 60


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive(Action.ADD_FACTOR)
def add(request: HttpRequest) -> HttpResponse:
    """Name it, make it, done."""
    customer = signing.customer_of(request)
    have = bound.listed(customer)
    if len(have.passkeys) >= limits.current().factors.passkeys:
        messages.warning(request, sentence(policy.Reason.TOO_MANY_PASSKEYS))
        return redirect("accounts:security")
    message = forms.PasskeyMessage(request.POST or None)
    names = {passkey.name for passkey in have.passkeys}
    form = forms.PasskeyName(request.POST or None, initial={"name": name_of(request, names)})
    failed = False
    if form.is_valid() and message.is_valid():
        if _add(request, customer, message.cleaned_data, form.cleaned_data["name"]):
            messages.success(request, _("Your passkey is ready. From now on you can sign in with it."))
            first = not have.passkeys and not have.app
            return redirect("accounts:backup_codes" if first else "accounts:security")
        failed = True
    context = {"form": form, "failed": failed or (request.method == "POST" and not message.is_valid())}
    return render(request, "accounts/factors/passkey_add.html", context)


def _add(request: HttpRequest, customer: User, sent: dict[str, str], name: str) -> bool:
    answer = verifier.take_answer(request, sent, Ceremony.ADD, customer)
    if answer is None:
        return False
    by, session = Actor.from_request(request), signing.session_of(request)
    made = flows.add_passkey(customer, session, answer, name, by=by, at=clock.now())
    if made is None:
        return False
    signing.rotate(request)
    return True


def name_of(request: HttpRequest, taken: Collection[str] = ()) -> str:
    """A first name for a passkey that is made in this browser, which none of the others has."""
    browser, system = agents.of(request)
    name = _("My passkey") if UNKNOWN in {browser, system} else str(agent(browser, system))
    return next(each for number in count(1) if (each := f"{name} {number}" if number > 1 else name) not in taken)


@require_POST
@sensitive(Action.ADD_FACTOR)
def begin_adding(request: HttpRequest) -> JsonResponse:
    """Options for the browser's dialog."""
    return JsonResponse(verifier.begin_adding(request, signing.customer_of(request)))


@require_http_methods(["GET", "HEAD", "POST"])
def rename(request: HttpRequest, key: str) -> HttpResponse:
    """Another name for one's own passkey."""
    passkey = _own(request, key)
    form = forms.PasskeyName(request.POST or None, initial={"name": passkey.name})
    if form.is_valid():
        flows.rename_passkey(passkey, form.cleaned_data["name"], by=Actor.from_request(request), at=clock.now())
        messages.success(request, _("The passkey has its new name."))
        return redirect("accounts:security")
    return render(request, "accounts/factors/factor_rename.html", {"form": form})


def _removal(request: HttpRequest, key: str) -> str:
    return _("Remove the passkey “%(name)s”") % {"name": _own(request, key).name}


@resumable(_removal)
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive(Action.REMOVE_FACTOR)
def remove(request: HttpRequest, key: str) -> HttpResponse:
    """Asks first, and says what it means."""
    customer, passkey = signing.customer_of(request), _own(request, key)
    if request.method == "POST":
        by, session = Actor.from_request(request), signing.session_of(request)
        flows.remove_passkey(customer, session, passkey, by=by, at=clock.now())
        messages.success(request, _("The passkey is removed."))
        return redirect("accounts:security")
    have = bound.listed(customer)
    context = {
        "title": _removal(request, key),
        "what": _("This passkey"),
        "last": have.app is None and len(have.passkeys) == 1,
        "is_passkey": True,
    }
    return render(request, "accounts/factors/factor_remove.html", context)


def _own(request: HttpRequest, key: str) -> Passkey:
    """The customer's own passkey by its public number, the digest of its id; anybody else's does not exist."""
    found: Passkey | None = Passkey.objects.filter(user=signing.customer_of(request), credential_id_sha256=key).first()
    if found is None:
        raise Http404
    return found


@login_not_required
@never_cache
@require_POST
def begin_sign_in(request: HttpRequest) -> JsonResponse:
    """Options for the browser's dialog."""
    return JsonResponse(begin_anybodys(request))


def begin_anybodys(request: HttpRequest) -> dict[str, Any]:
    """Options, the same for everyone: nobody has said who they are. Raises TooMany."""
    most = limits.current().sign_in.attempts_per_address_per_minute
    budget.take("passkey", bucket.of(request), limit=most, seconds=_MINUTE, reason=policy.Reason.TOO_MANY_TRIES)
    return verifier.begin_showing(request, Ceremony.SIGN_IN, None)


@login_not_required
@never_cache
@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    """A passkey instead of a password; from here on the same way as every other sign-in."""
    to = local(request.POST.get("next", ""))
    if request.user.is_authenticated:
        return redirect(to or "home")
    message = forms.PasskeyMessage(request.POST)
    passkey = _shown(request, message.cleaned_data) if message.is_valid() else None
    if passkey is not None:
        try:
            return signing.enter_with_passkey(request, passkey.user, Method.PASSKEY, to)
        except Denied:
            pass  # reads like a passkey that is not known
    messages.error(request, _("That passkey did not work here. Try again, or sign in with your password."))
    here = redirect("account_login")
    here["Location"] += f"?{urlencode({'next': to})}" if to else ""
    return here


def _shown(request: HttpRequest, sent: dict[str, str]) -> Passkey | None:
    answer = verifier.take_answer(request, sent, Ceremony.SIGN_IN, None)
    if answer is None:
        return None
    return flows.answer_with_passkey(None, answer, by=Actor.from_request(request), at=clock.now())
