"""Your apps: what they prove themselves with, what you ask to change, and how they fare."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.factors.views import new_codes
from accounts.sessions.signing import customer_of, session_of
from accounts.step_up.decorators import resumable, sensitive
from ciam_portal.console import facts, flows, forms
from ciam_portal.console.policy import Reason, State
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.words import day, sentence
from ciam_portal.oauth import agents, environment, partners, scopes
from ciam_portal.oauth.credentials.flows import Shown
from ciam_portal.oauth.credentials.models import Credential
from ciam_portal.oauth.credentials.policy import Reason as CredentialReason
from ciam_portal.oauth.environment import Environment
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.profiles import Kind
from consent.ledger import facts as ledger

_MOST = 100
_PAGE = ["GET", "HEAD", "POST"]
SNIPPETS = {
    "Authlib (Python)": "console/authlib.txt",
    "openid-client (Node.js)": "console/openid-client.txt",
    "AppAuth (Android)": "console/appauth.txt",
}
WITH_KEYS = "openid-client (Node.js)"
OF_ITSELF = {"curl": "console/curl.txt"}


@require_safe
@sensitive(Action.MANAGE_PARTNER)
def index(request: HttpRequest) -> HttpResponse:
    """Every app that this person answers for."""
    at = clock.now()
    rows = [
        {"app": app, "ends": max((each.expires_at for each in _live(app, at)), default=None)}
        for app in _own(request).prefetch_related("credentials").order_by("name")[:_MOST]
    ]
    return render(request, "console/index.html", {"rows": rows, "soon": _soon(at)})


@require_safe
@sensitive(Action.MANAGE_PARTNER)
def detail(request: HttpRequest, partner_id: UUID) -> HttpResponse:
    """One app."""
    app, at = own_app(request, partner_id), clock.now()
    live, rules = _live(app, at), limits.current().partners
    context = words_of(app) | {
        "live": sorted(live, key=lambda each: each.made_at),
        "soon": _soon(at),
        "overlap_hours": rules.overlap_hours,
        "change": app.change_requests.filter(state=State.OPEN).first(),
        "last_change": app.change_requests.exclude(state=State.OPEN).order_by("-decided_at").first(),
        "scopes": scopes.described(app.scopes_allowed),
        "deliveries": facts.deliveries(app),
        "uses": ledger.titles(app.data_purposes, at).values(),
    }
    return render(request, "console/app.html", context)


@resumable(lazy("Replace what your app shows us"))
@require_http_methods(_PAGE)
@sensitive(Action.MANAGE_PARTNER)
def replace(request: HttpRequest, partner_id: UUID) -> HttpResponse:
    """Another secret, shown once; or other keys."""
    app, at = own_app(request, partner_id), clock.now()
    keyed = _is_keyed(app, at)
    form = (forms.ReplaceKeys if keyed else forms.Replace)(request.POST if request.method == "POST" else None)
    if form.is_valid():
        shown = Shown(**form.shown)
        try:
            partners.check_shown(shown, Environment(app.environment))
            return _replaced(request, app, shown, at_once=form.cleaned_data["former"] == "now")
        except partners.Unacceptable as error:
            form.add_error("jwks" if shown.jwks else "jwks_uri", str(error))
    context = words_of(app) | {"form": form, "keyed": keyed, "overlap_hours": limits.current().partners.overlap_hours}
    return render(request, "console/replace.html", context)


@sensitive_variables("secret")
def _replaced(request: HttpRequest, app: Partner, shown: Shown, *, at_once: bool) -> HttpResponse:
    session, at = session_of(request), clock.now()
    by = Actor.from_request(request)
    with _said(request):
        secret = flows.replace(app, shown, customer_of(request), session, at_once=at_once, by=by, at=at)
        if secret:
            new_codes.keep(_place(request, app), [secret], at)
            return redirect("console:new_secret", app.pk)
        messages.success(request, _("Your new keys are registered."))
    return redirect("console:app", app.pk)


@require_safe
@sensitive(Action.MANAGE_PARTNER)
def new_secret(request: HttpRequest, partner_id: UUID) -> HttpResponse:
    """For a few minutes, in the session that made it."""
    app = own_app(request, partner_id)
    found = new_codes.find(_place(request, app))
    if found is None:
        return redirect("console:app", app.pk)
    return render(request, "console/new_secret.html", words_of(app) | {"secret": found["codes"][0]})


@resumable(lazy("End a secret, or keys, of your app"))
@require_POST
@sensitive(Action.MANAGE_PARTNER)
def end(request: HttpRequest, partner_id: UUID, credential_id: UUID) -> HttpResponse:
    """One of two ends now."""
    held = get_object_or_404(own_app(request, partner_id).credentials, pk=credential_id)
    with _said(request):
        flows.end(held, customer_of(request), session_of(request), by=Actor.from_request(request), at=clock.now())
        messages.success(request, _("It has ended, and no longer works."))
    return redirect("console:app", partner_id)


@resumable(lazy("Ask for a change of your app"))
@require_http_methods(_PAGE)
@sensitive(Action.MANAGE_PARTNER)
def change(request: HttpRequest, partner_id: UUID) -> HttpResponse:
    """Other redirect addresses or scopes: asked for here, decided by staff."""
    app = own_app(request, partner_id)
    if not app.rules.customers:
        return redirect("console:app", app.pk)
    form = _change_form(app, request.POST if request.method == "POST" else None)
    if form.is_valid():
        said, by = form.cleaned_data, Actor.from_request(request)
        own = tuple(name for name in app.scopes_allowed if name in scopes.OWN)
        wanted = flows.Wanted(said["redirect_uris"], (*said["scopes"], *own), tuple(said.get("actions", ())))
        try:
            person, session = customer_of(request), session_of(request)
            with _said(request):
                flows.ask(app, wanted, person, session, by=by, at=clock.now())
                messages.success(request, _("We have your request. Our staff look at it, and you hear by mail."))
            return redirect("console:app", app.pk)
        except partners.Unacceptable as error:
            form.add_error("redirect_uris", str(error))
    return render(request, "console/change.html", words_of(app) | {"form": form})


def _change_form(app: Partner, sent: QueryDict | None) -> forms.Change:
    is_agent, now = app.kind is Kind.AGENT, flows.Wanted.as_now(app)._asdict()
    names = agents.SCOPES if is_agent else set(scopes.SCOPES)
    if app.environment == Environment.SANDBOX:
        names &= environment.SCOPES
    actions = sorted(agents.delegable()) if is_agent else None
    now["redirect_uris"] = "\n".join(now["redirect_uris"])
    return forms.Change(sent, initial=now, offered=scopes.described(names), actions=actions)


@resumable(lazy("Take back what you asked for"))
@require_POST
@sensitive(Action.MANAGE_PARTNER)
def take_back(request: HttpRequest, partner_id: UUID) -> HttpResponse:
    """What was asked is asked no more."""
    asked = own_app(request, partner_id).change_requests.filter(state=State.OPEN).first()
    if asked is None:
        messages.info(request, _("There is nothing to take back any more."))
    else:
        person, session = customer_of(request), session_of(request)
        flows.take_back(asked, person, session, by=Actor.from_request(request), at=clock.now())
        messages.success(request, _("Taken back. You can ask for something else."))
    return redirect("console:app", partner_id)


@resumable(lazy("Say whether others may act in your app"))
@require_POST
@sensitive(Action.MANAGE_PARTNER)
def delegates(request: HttpRequest, partner_id: UUID) -> HttpResponse:
    """Customers may act for others in it, or no longer."""
    app, on = own_app(request, partner_id), request.POST.get("do") == "on"
    person, session = customer_of(request), session_of(request)
    try:
        flows.let_act(app, person, session, on=on, by=Actor.from_request(request), at=clock.now())
        messages.success(request, _("Changed.") if on else _("Changed: nobody acts for others in it any more."))
    except partners.Unacceptable as error:
        messages.error(request, str(error))
    return redirect("console:app", partner_id)


@require_safe
@sensitive(Action.MANAGE_PARTNER)
def configuration(request: HttpRequest, partner_id: UUID) -> HttpResponse:
    """To be copied: for Authlib, openid-client and AppAuth."""
    app = own_app(request, partner_id)
    uri, keyed = next(iter(app.redirect_uris.split()), ""), _is_keyed(app, clock.now())
    snippets = SNIPPETS if app.rules.customers else OF_ITSELF
    context = words_of(app) | {
        "issuer": settings.PUBLIC_URL,
        "redirect_uri": uri,
        "scope": " ".join(app.scopes_allowed),
        "keyed": keyed,
        "snippets": [each for each in snippets.items() if not keyed or each[0] == WITH_KEYS],
    }
    return render(request, "console/configuration.html", context)


# --- shared


def _own(request: HttpRequest) -> Any:  # noqa: ANN401  (rows of a model whose base ships no types)
    return Partner.objects.filter(owner=request.user.pk)


def own_app(request: HttpRequest, partner_id: UUID) -> Partner:
    """The app of this address, if its reader answers for it; a page that says there is none otherwise."""
    found: Partner = get_object_or_404(_own(request), pk=partner_id)
    return found


def _live(app: Partner, at: datetime) -> list[Credential]:
    return [each for each in app.credentials.all() if each.is_live(at)]


def _is_keyed(app: Partner, at: datetime) -> bool:
    kinds = {each.kind for each in _live(app, at)} or {each.kind for each in app.credentials.all()}
    return app.rules.keyed or (bool(kinds) and Credential.Kind.SECRET not in kinds)


@contextmanager
def _said(request: HttpRequest) -> Iterator[None]:
    """What does not fit the app as it stands is said on its page. To prove more, or to wait, has pages of its own."""
    try:
        yield
    except Refused as refused:
        if not isinstance(refused.reason, Reason | CredentialReason):
            raise
        messages.error(request, sentence(refused.reason))


def _place(request: HttpRequest, app: Partner) -> str:
    return f"new-secret:{session_of(request).pk}:{app.pk}"


def _soon(at: datetime) -> datetime:
    return at + timedelta(days=limits.current().partners.first_reminder_days)


def words_of(app: Partner) -> dict[str, Any]:
    """What every page about an app says of it."""
    words = {"app": app, "is_sandbox": app.environment == Environment.SANDBOX, "made_on": day(app.created)}
    if app.retired_at is not None:
        return words | {"off_words": _("Nobody can use it any more, and it stays off for good.")}
    return words | {"off_words": _("Nobody can use it. Our staff can switch it on again.")}
