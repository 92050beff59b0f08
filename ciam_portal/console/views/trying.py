"""A sign-in to try: to an app in the sandbox, from its own page and back, with what it would get."""

import hmac
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.step_up.decorators import sensitive
from ciam_portal.console.views.apps import own_app, words_of
from ciam_portal.core import clock, links
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.oauth import jwts, pushed, tokens
from ciam_portal.oauth.environment import Environment
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.profiles import Kind
from consent.ledger.shapes import Party, Way
from consent.permission.facts import signed_in
from consent.release.access import acting
from consent.release.flows.codes import redeem
from consent.release.flows.family import Exchanged, Wanted
from consent.use import fields
from consent.use import flows as leaving
from consent.use.shapes import To

_TRIED = "tried_apps"


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive(Action.MANAGE_PARTNER)
def try_it(request: HttpRequest, partner_id: UUID) -> HttpResponse:
    """A real sign-in to an app in the sandbox, from here and back; what it would get is shown, then thrown away."""
    app = own_app(request, partner_id)
    can = app.environment == Environment.SANDBOX and app.kind is Kind.APP and app.is_enabled
    if request.method == "POST" and can:
        state, verifier, nonce = codes.new_token(), codes.new_token(), codes.new_token()
        kept = request.session.get(_TRIED, {})
        request.session[_TRIED] = dict(list((kept | {state: [str(app.pk), verifier, nonce]}).items())[-5:])
        query = {
            "client_id": app.client_id,
            "redirect_uri": links.absolute("console:tried"),
            "response_type": "code",
            "scope": " ".join(app.scopes_allowed),
            "state": state,
            "nonce": nonce,
            "code_challenge": jwts.hash_of(verifier),
            "code_challenge_method": "S256",
            "prompt": "consent",
        }
        if app.rules.pushed:
            query = {"client_id": app.client_id, "request_uri": pushed.push(app, urlencode(query))}
        return redirect(f"{links.absolute('consent:authorize')}?{urlencode(query)}")
    return render(request, "console/try.html", words_of(app) | {"can": can})


@require_safe
@sensitive(Action.MANAGE_PARTNER)
def tried(request: HttpRequest) -> HttpResponse:
    """Back from there: checked as an app must, exchanged as its server would, and given back."""
    kept = request.session.get(_TRIED, {})
    found = kept.pop(request.GET.get("state", ""), None)
    request.session[_TRIED] = kept
    if found is None:
        messages.info(request, _("That sign-in is over. Start it again."))
        return redirect("console:index")
    key, verifier, nonce = found
    app, at = own_app(request, UUID(key)), clock.now()
    context: dict[str, Any] = words_of(app) | {
        "back": [(name, request.GET[name]) for name in ("iss", "error", "error_description") if name in request.GET],
        "said": [],
    }
    code = tokens.code_of(app, request.GET.get("code", ""))
    if code is not None and request.GET.get("iss") == settings.PUBLIC_URL:
        uri = links.absolute("console:tried")
        everything = Wanted()
        exchanged = redeem(code, app, everything, redirect_uri=uri, verifier=verifier, by=acting(app), at=at)
        if isinstance(exchanged, Exchanged):
            if hmac.compare_digest(exchanged.nonce.encode(), nonce.encode()):
                said = _told(app, exchanged, at) | signed_in(exchanged.session)
                context |= {"said": sorted(said.items()), "granted": exchanged.issued.scopes}
            access = tokens.access_of(exchanged.issued.access_token)
            if access is not None:
                tokens.end_family(access.family)
    return render(request, "console/tried.html", context)


def _told(app: Partner, exchanged: Exchanged, at: datetime) -> dict[str, Any]:
    scopes, to = exchanged.issued.scopes, To(Party(app.pk), Way.USERINFO)
    released = leaving.release_to_app(exchanged.consent, exchanged.customer, scopes, to, at=at)
    shown = fields.verified_claims(exchanged.customer, released, scopes, at=at)
    return fields.of(exchanged.customer, released, scopes) | shown
