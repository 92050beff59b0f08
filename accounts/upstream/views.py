"""Signing in and up with another service: there by a button, back with its answer, and a form for a new account."""

import json
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from accounts.budgets import bucket
from accounts.budgets import counter as budget
from accounts.models import Session, User
from accounts.registration import challenges
from accounts.registration import views as registration
from accounts.sessions import signing
from accounts.sign_in import onward
from accounts.sign_in.stages import Denied
from accounts.step_up import facts
from accounts.step_up.decorators import resumable, sensitive
from accounts.upstream import bound, flows, forms, policy, verifier
from accounts.upstream.shapes import Identity, Upstream
from accounts.upstream.verifier import Asked, For
from ciam_portal.core import clock, domains, mailbox
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.crypto import vault
from ciam_portal.core.errors import OnHold, ProveMore, Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Deny
from ciam_portal.core.words import sentence

_PENDING, _SEALED = "upstream_sign_up", "upstream sign-up"
_ANSWER = ("state", "code", "iss", "error")


def _of(key: str) -> Upstream:
    upstream: Upstream | None = settings.UPSTREAMS.get(key)
    if upstream is None:
        raise Http404
    return upstream


@login_not_required
@never_cache
@require_POST
def begin(request: HttpRequest, key: str) -> HttpResponse:
    """A button, never a link: nobody is sent there by a page of somebody else's. Raises TooMany."""
    upstream, to = _of(key), onward.local(request.POST.get("next", ""))
    if upstream not in bound.at_the_door(request):
        raise Http404
    if request.user.is_authenticated:
        return redirect(to or "home")
    most = limits.current().sign_in.attempts_per_address_per_minute
    budget.take("upstream", bucket.of(request), limit=most, seconds=60, reason=policy.Reason.TOO_MANY_TRIES)
    return go(request, upstream, For.SIGN_IN, to=to)


def go(request: HttpRequest, upstream: Upstream, purpose: For, *, session: str = "", to: str = "") -> HttpResponse:
    """There, past our own form: Chromium would hold its form-action against a redirect from here."""
    try:
        where = verifier.begin(request, upstream, purpose, session=session, to=to)
    except verifier.Failed:
        return _failed(request, upstream)
    return render(request, "accounts/upstream/onward.html", {"target": where, "upstream": upstream})


@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "POST"])
def back(request: HttpRequest, key: str) -> HttpResponse:
    """Back with an answer. Whether it is one to a question from this browser says its state.

    Apple's comes as a form, without our cookies: the browser brings it once more.
    """
    upstream = _of(key)
    if request.method == "POST":
        said = {name: request.POST[name] for name in _ANSWER if name in request.POST}
        query = QueryDict(mutable=True)
        query.update(said)
        return redirect(f"{reverse('accounts:upstream_back', args=[key])}?{query.urlencode()}")
    try:
        asked, identity = verifier.complete(request, upstream)
    except verifier.Over:
        return render(request, "accounts/upstream/over.html", status=410)
    except verifier.Cancelled:
        messages.info(request, _("You did not go on at %(name)s. Nothing was changed.") % {"name": upstream.name})
        return redirect("accounts:security" if request.user.is_authenticated else "account_login")
    except verifier.Failed:
        return _failed(request, upstream)
    return _ARRIVED[asked.purpose](request, upstream, asked, identity)


def _failed(request: HttpRequest, upstream: Upstream) -> HttpResponse:
    return render(request, "accounts/upstream/failed.html", {"upstream": upstream}, status=400)


def _sign_in(request: HttpRequest, upstream: Upstream, asked: Asked, identity: Identity) -> HttpResponse:
    """Whose it is comes in like everybody else; who is nobody yet may open an account."""
    if request.user.is_authenticated:
        return redirect(asked.next or "home")
    try:
        found = flows.enter(identity, by=Actor.from_request(request), at=clock.now())
        if found is not None:
            _is_looked_at(found[0])
            return signing.enter_with_upstream(request, *found, asked.next)
    except (Denied, Refused) as no:
        paused = isinstance(no, Refused) and no.reason == policy.Reason.PAUSED
        words = _("That did not work here. Try again, or sign in with your password.")
        messages.error(request, sentence(policy.Reason.PAUSED) if paused else words)
        return redirect("account_login")
    request.session[_PENDING] = _seal(identity)
    onward.remember(request, asked.next)
    return redirect("accounts:upstream_sign_up")


def _is_looked_at(customer: User) -> None:
    """A closed, locked or suspended account looks like any other no. Raises Denied."""
    if not facts.is_looked_at(customer, clock.now()):
        raise Denied


@require_POST
@sensitive(Action.LINK_SIGN_IN)
def link(request: HttpRequest, key: str) -> HttpResponse:
    """There, to sign in anew, and back with who that is. A button, never a link."""
    return go(request, _of(key), For.LINK, session=str(signing.session_of(request).pk))


def _link(request: HttpRequest, upstream: Upstream, asked: Asked, identity: Identity) -> HttpResponse:
    """Only in the session that asked."""
    if (session := _session(request, asked)) is None:
        return render(request, "accounts/upstream/over.html", status=410)
    by, at = Actor.from_request(request), clock.now()
    flows.link(signing.customer_of(request), session, identity, asked.begun, by=by, at=at)
    messages.success(request, _("From now on you can sign in with %(name)s.") % {"name": upstream.name})
    return redirect("accounts:security")


def _session(request: HttpRequest, asked: Asked) -> Session | None:
    session: Session | None = getattr(request, "portal_session", None)
    return session if session is not None and str(session.pk) == asked.session else None


@require_POST
def prove(request: HttpRequest, key: str) -> HttpResponse:
    """There, to sign in anew, and back to what asked for it: for whoever has no password here."""
    reference = request.POST.get("ref", "")[:100]
    return go(request, _of(key), For.PROVE, session=str(signing.session_of(request).pk), to=reference)


def _prove(request: HttpRequest, _upstream: Upstream, asked: Asked, identity: Identity) -> HttpResponse:
    if (session := _session(request, asked)) is None:
        return render(request, "accounts/upstream/over.html", status=410)
    by, at = Actor.from_request(request), clock.now()
    request.portal_session = flows.show_again(  # type: ignore[attr-defined]
        signing.customer_of(request), session, identity, asked.begun, by=by, at=at
    )
    signing.rotate(request)
    return redirect(
        f"{reverse('accounts:prove')}?{urlencode({'ref': asked.next})}" if asked.next else "accounts:security"
    )


def _unlinking(request: HttpRequest, key: str) -> str:
    return _("Unlink your sign-in with %(name)s") % {"name": _of(key).name}


@resumable(_unlinking)
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive(Action.REMOVE_FACTOR)
def unlink(request: HttpRequest, key: str) -> HttpResponse:
    """Asks first, and says what it means."""
    customer, at = signing.customer_of(request), clock.now()
    if request.method == "POST":
        session = signing.session_of(request)
        flows.unlink(customer, session, _of(key).key, by=Actor.from_request(request), at=at)
        messages.success(request, _("It is unlinked."))
        return redirect("accounts:security")
    asked = bound.unlinking(customer, next(iter(bound.of_service(customer, key)), None))
    answer = policy.may_unlink(asked, limits=limits.current(), at=at)
    why_not = sentence(answer.reason) if isinstance(answer, Deny) else ""
    context = {"title": _unlinking(request, key), "why_not": why_not, "is_linked": asked.is_linked}
    return render(request, "accounts/upstream/unlink.html", context)


_ARRIVED = {For.SIGN_IN: _sign_in, For.LINK: _link, For.PROVE: _prove}


def _seal(identity: Identity) -> str:
    """Whom a service named, until they have an account: in their browser session, where nobody reads it."""
    until = clock.now().timestamp() + limits.current().sign_up.challenge_minutes * 60
    return vault.seal(json.dumps(asdict(identity) | {"until": until}).encode(), _SEALED)


def _pending(request: HttpRequest) -> Identity | None:
    try:
        said: dict[str, Any] = json.loads(vault.unseal(str(request.session.get(_PENDING, "")), _SEALED))
    except (vault.CannotOpen, ValueError):
        return None
    over = clock.now().timestamp() >= said.pop("until") or said["upstream"] not in settings.UPSTREAMS
    return None if over else Identity(**(said | {"said": tuple(said["said"])}))


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """A new account for whom a service has named: one scored sign-up like any other. Raises TooMany."""
    identity = None if request.user.is_authenticated else _pending(request)
    if identity is None:
        return render(request, "accounts/upstream/over.html", status=410)
    initial = {"email": identity.email, "begun": challenges.opened(clock.now())}
    form = forms.SignUp(request.POST or None, initial=initial)
    if not form.is_valid():
        context = {"form": form, "upstream": settings.UPSTREAMS[identity.upstream]}
        return render(request, "accounts/upstream/sign_up.html", context)
    with clock.even(registration.BEATS):
        return _open(request, identity, form.cleaned_data["email"], form.cleaned_data["zone"])


def _open(request: HttpRequest, identity: Identity, email: str, zone: str) -> HttpResponse:
    browser = registration.browser_for(request, email, zone)
    at, by = clock.now(), Actor.from_request(request)
    try:
        customer = None
        if vouched := _is_vouched(identity, email):
            try:
                customer = flows.sign_up_vouched(identity, email, browser, by=by, at=at)
            except ProveMore:
                vouched = False
        if not vouched:
            customer = flows.sign_up(identity, email, browser, by=by, at=at)
    except OnHold as held:
        return registration.put_on_hold(request, email, browser, held)
    except Refused as refused:
        return registration.blandly(request, refused)
    del request.session[_PENDING]
    return _enter(request, customer, email, identity, vouched=vouched)


def _enter(
    request: HttpRequest, customer: User | None, email: str, identity: Identity, *, vouched: bool
) -> HttpResponse:
    if customer is not None and vouched:
        signing.remember_first(request, customer)
    try:
        return signing.enter_new(request, customer, email, flows.method_of(identity, clock.now()))
    except Denied:
        return registration.sent(request)


def _is_vouched(identity: Identity, email: str) -> bool:
    trusted = settings.UPSTREAMS[identity.upstream].domains
    named, domain = mailbox.named(identity.email) == email, domains.domain_of(email)
    return named and policy.vouches(verified=identity.email_verified, domain=domain, domains=trusted)
