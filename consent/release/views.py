"""Signing out because a partner asks (OpenID Connect RP-Initiated Logout 1.0)."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from accounts.sessions import flows as sessions
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.oauth import answers, id_tokens
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.subjects import subject

_NAMES = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state")
_LONGEST = 4096
_LONGEST_ID = 255


class Unusable(Exception):
    """The request cannot be used; says why in one sentence for the customer."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Who asks, whom it means, and where to go afterwards (only where the partner registered)."""

    partner: Partner | None
    subject: str
    target: str
    state: str


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def logout(request: HttpRequest) -> HttpResponse:
    """The end-session endpoint: at once with a good ID token of this customer, otherwise after asking."""
    if request.method == "POST":
        # Sent from the partner's site, so without our cookies: asked again as a link.
        pairs = [(name, value) for name in _NAMES for value in request.POST.getlist(name)]
        return HttpResponseRedirect(f"{reverse('consent:logout')}?{urlencode(pairs)}", status=303)
    try:
        wish = _read(request.GET)
    except Unusable as error:
        return render(
            request, "consent/release/cannot_ask.html", {"explanation": str(error), "leaving": True}, status=400
        )
    if not request.user.is_authenticated:
        return _leave(request, wish)
    if wish.partner and wish.subject and wish.subject == subject(wish.partner, request.user.pk):
        sessions.sign_out(request, by=Actor.from_request(request), at=clock.now())
        return _leave(request, wish)
    context = {"partner": wish.partner, "query": urlencode({name: request.GET.get(name, "") for name in _NAMES})}
    return render(request, "consent/release/logout.html", context)


@csrf_protect
@login_not_required
@require_POST
def confirm(request: HttpRequest) -> HttpResponse:
    """The customer says yes (or stays)."""
    try:
        wish = _read(QueryDict(request.POST.get("query", "")[:_LONGEST]))
    except Unusable:
        wish = Wish(None, "", "", "")
    if request.user.is_authenticated:
        sessions.sign_out(request, by=Actor.from_request(request), at=clock.now())
    # A form of ours may not lead to another site (form-action); the page in between offers the way back.
    return render(request, "consent/release/logged_out.html", {"partner": wish.partner, "target": _target(wish)})


def _read(query: QueryDict) -> Wish:
    if any(len(query.getlist(name)) > 1 for name in _NAMES):
        raise Unusable(_("The app's request to sign you out holds something twice."))
    hint, client_id = query.get("id_token_hint", ""), query.get("client_id", "")
    claims = id_tokens.read_hint(hint) if hint else None
    if hint and claims is None and not id_tokens.is_by_a_former_key(hint):
        raise Unusable(_("The app's request to sign you out is not genuine."))
    if claims and client_id and claims["aud"] != client_id:
        raise Unusable(_("The app's request to sign you out belongs to another app."))
    name = claims["aud"] if claims else client_id
    partner = Partner.objects.filter(client_id=name).first() if 0 < len(name) <= _LONGEST_ID else None
    target = query.get("post_logout_redirect_uri", "")
    if target and (partner is None or not partner.post_logout_redirect_uri_allowed(target)):
        raise Unusable(_("The address the app wants you to be sent to is not one that it registered."))
    return Wish(partner, claims["sub"] if claims else "", target, query.get("state", "")[:_LONGEST])


def _target(wish: Wish) -> str:
    if not wish.target:
        return ""
    separator = "&" if "?" in wish.target else "?"
    return f"{wish.target}{separator}{urlencode({'state': wish.state})}" if wish.state else wish.target


def _leave(request: HttpRequest, wish: Wish) -> HttpResponse:
    if wish.target:
        return answers.ToPartner(_target(wish))
    return render(request, "consent/release/logged_out.html", {"partner": wish.partner, "target": ""})
