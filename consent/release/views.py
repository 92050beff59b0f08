"""Signing out because a partner asks (OpenID Connect RP-Initiated Logout 1.0), or for somebody else to sign in."""

from dataclasses import dataclass
from typing import Any
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
from ciam_portal.oauth import answers, backchannel, id_tokens, pushed
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.subjects import subject

_NAMES = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state")
_LONGEST = 16_384
_LONGEST_STATE = 512
_LONGEST_ID = 255


class Unusable(Exception):
    """The request cannot be used; says why in one sentence for the customer."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Who asks, whom it means, and where to go afterwards (only where the partner registered)."""

    partner: Partner | None
    claims: dict[str, Any]
    target: str
    state: str

    def is_about(self, request: HttpRequest) -> bool:
        """Whether the ID token that came along is of this customer, and of this session if it says of which."""
        sub, sid = self.claims.get("sub"), self.claims.get("sid")
        if self.partner is None or sub != subject(self.partner, request.user.pk):  # type: ignore[arg-type]  # signed in
            return False
        return sid is None or backchannel.is_of(str(sid), self.partner, request.portal_session.pk)  # type: ignore[attr-defined]


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
    if wish.is_about(request):
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
        wish = Wish(None, {}, "", "")
    if request.user.is_authenticated:
        sessions.sign_out(request, by=Actor.from_request(request), at=clock.now())
    # A form of ours may not lead to another site (form-action); the page in between offers the way back.
    return render(request, "consent/release/logged_out.html", {"partner": wish.partner, "target": _target(wish)})


@require_POST
def another(request: HttpRequest) -> HttpResponse:
    """Somebody else is meant: this browser is signed out, and whoever signs in next is asked what the partner asks."""
    with pushed.kept_open(request):
        sessions.sign_out(request, by=Actor.from_request(request), at=clock.now())
    query = QueryDict(request.POST.get("query", "")[:_LONGEST]).urlencode()
    return HttpResponseRedirect(f"{reverse('consent:authorize')}?{query}", status=303)


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
    known = Partner.objects.filter(client_id=name, is_enabled=True)
    partner = known.first() if 0 < len(name) <= _LONGEST_ID else None
    target = query.get("post_logout_redirect_uri", "")
    if target and (partner is None or not partner.post_logout_redirect_uri_allowed(target)):
        raise Unusable(_("The address the app wants you to be sent to is not one that it registered."))
    if len(query.get("state", "")) > _LONGEST_STATE:  # given back whole, or not at all
        raise Unusable(_("The app sent a state of more than %(count)d characters.") % {"count": _LONGEST_STATE})
    return Wish(partner, claims or {}, target, query.get("state", ""))


def _target(wish: Wish) -> str:
    if not wish.target:
        return ""
    separator = "&" if "?" in wish.target else "?"
    return f"{wish.target}{separator}{urlencode({'state': wish.state})}" if wish.state else wish.target


def _leave(request: HttpRequest, wish: Wish) -> HttpResponse:
    if wish.target:
        return answers.ToPartner(_target(wish))
    return render(request, "consent/release/logged_out.html", {"partner": wish.partner, "target": ""})
