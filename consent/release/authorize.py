"""Where a partner sends its customers: sign in if need be, ask if need be, and back with a code or an error.

The stored consent decides whether to ask; nothing in the address or the form can skip the page, widen it, or choose
where the answer goes. What was asked is kept here, under a reference that works once, in this session only.
"""

from datetime import datetime, timedelta
from typing import cast
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from pydantic import TypeAdapter

from accounts.factors import bound as factors
from accounts.models import Session
from accounts.sessions.signing import customer_of
from accounts.step_up import facts as accounts_facts
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.crypto import codes
from ciam_portal.core.errors import ProveMore, Refused
from ciam_portal.core.policy.assurance import Level
from ciam_portal.core.policy.channel import Channel
from ciam_portal.oauth import authorization, details, id_tokens, pushed, scopes
from ciam_portal.oauth.authorization import Answer, AuthorizationRequest, GrantAction, Unanswerable
from ciam_portal.oauth.models import Partner, Resource
from ciam_portal.oauth.profiles import Kind
from ciam_portal.oauth.resources import ours
from ciam_portal.oauth.subjects import subject
from consent.agents import facts as acting
from consent.agents import meeting
from consent.delegation.forms import OneByOne
from consent.details import facts as approving
from consent.models import Consent
from consent.permission import asking, flows, policy
from consent.records import facts as records
from consent.release import challenges, grants, marks
from consent.release.onward import past_our_form, speak, told
from consent.release.visits import Visit, check_before_asking, check_gate, check_issue, prove

ASKED = TypeAdapter(AuthorizationRequest)
_KEPT_SECONDS = 600
_FOR_APP = policy.Reason.PROVE_FOR_APP


@csrf_exempt
@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def authorize(request: HttpRequest) -> HttpResponse:
    """The authorization endpoint (RFC 6749 section 3.1)."""
    if request.method == "POST":
        # Sent from the partner's site, so without our cookies: asked again as a link, which changes nothing either.
        pairs = [(name, value) for name, values in request.POST.lists() for value in values]
        return again(urlencode(pairs))
    try:
        query, handle = pushed.unfold(request, clock.now())
        if (elsewhere := _meet(request, query)) is not None:
            return elsewhere
        if "request" in query:
            return again(pushed.push_signed(query, clock.now()))
        partner, asked = authorization.read(query, handle)
        response = _answer(request, partner, pushed.named(asked, request) if handle else asked)
        speak(response, query.get("ui_locales", ""))
    except (Unanswerable, Answer) as error:
        response = told(request, error)
    return past_our_form(request, response)


def _meet(request: HttpRequest, query: QueryDict) -> HttpResponse | None:
    """Who asks is somebody whom nobody registered: read about by who is signed in; anybody else signs in first."""
    at, session = clock.now(), cast("Session | None", getattr(request, "portal_session", None))
    if not meeting.must_read(query, at):
        return None
    if session is None:
        return redirect_to_login(f"{reverse('consent:authorize')}?{query.urlencode()}")
    meeting.meet(query.get("client_id", ""), session.customer_id, by=Actor.from_request(request), at=at)
    return None


def again(query: str) -> HttpResponse:
    """The question, from the start."""
    return HttpResponseRedirect(f"{reverse('consent:authorize')}?{query}", status=303)


def _answer(request: HttpRequest, partner: Partner, asked: AuthorizationRequest) -> HttpResponse:
    at, session = clock.now(), cast("Session | None", getattr(request, "portal_session", None))
    if session is None:
        if "none" in asked.prompt:
            raise asked.refused("login_required", "nobody is signed in")
        if "login" in asked.prompt or asked.max_age is not None:
            marks.remember(request, asked, at)
        # Initiating User Registration via OpenID Connect 1.0: there, too, whoever has an account may sign in.
        entry = reverse("account_signup") if "create" in asked.prompt else None
        return redirect_to_login(f"{reverse('consent:authorize')}?{asked.query}", entry)
    visit = Visit(request, partner, asked, customer_of(request), session, at)
    _check_person(visit)
    if visit.customer.erase_at is not None:
        return redirect("consent:leaving")
    _check_proof(visit)
    marks.forget(request, asked)
    return _ask_or_go_on(visit)


# --- is it the right person, proven well enough?


def _check_person(visit: Visit) -> None:
    if visit.customer.erase_at is not None and "none" in visit.asked.prompt:
        raise visit.asked.refused("interaction_required", "the account is about to be deleted")
    if not visit.partner.serves(visit.customer.pk):
        raise Unanswerable(_("This app is in the sandbox, where only the person who answers for it can sign in."))
    asked, known_as = visit.asked, subject(visit.partner, visit.customer.pk)
    if asked.subject and asked.subject != known_as:
        raise asked.refused("login_required", "somebody else is signed in")
    if asked.id_token_hint:
        hint = id_tokens.read_hint(asked.id_token_hint)
        if hint is None or hint["aud"] != visit.partner.client_id:
            raise asked.refused("invalid_request", "id_token_hint is no ID token issued to this app")
        if hint["sub"] != known_as:
            raise asked.refused("login_required", "somebody else is signed in")


def _check_proof(visit: Visit) -> None:
    """Freshness and level that are wanted. Raises ProveMore (the customer comes back here), or Answer.

    Whatever was proven since this very request first asked is fresh enough: so no loop is without an end.
    """
    asked, session, since = visit.asked, visit.session, marks.since(visit.request, visit.asked, visit.at)
    level = _level(visit)
    restricted = challenges.restricted(visit.customer, session, by=visit.by, at=visit.at)
    if restricted is not None:
        prove(visit, "interaction_required", restricted)
    # First what the gate asked for when this partner last used a token: it says more than acr and max_age can.
    wish = challenges.waiting(session, visit.partner.pk, visit.at) if _answers_challenge(asked) else None
    if wish is not None and _can_reach(visit, wish.to) and not (since is not None and _last_proof(session) >= since):
        more = ProveMore(wish.to, wish.within, _FOR_APP, challenge=wish.challenge)
        prove(visit, "interaction_required", more)
    proven_at = session.level_at if level is not None and Level.AAL1 < level <= session.level else session.auth_time
    # A proof from the future (another server's clock) is not fresh.
    aged = proven_at > visit.at or visit.at - proven_at > timedelta(seconds=asked.max_age or 0)
    too_old = asked.max_age is not None and aged
    if ("login" in asked.prompt or too_old) and not (since is not None and since <= proven_at <= visit.at):
        prove(visit, "login_required", ProveMore(max(Level(session.level), level or Level.AAL1), 0, _FOR_APP))
    if level is not None and session.level < level:
        prove(visit, "interaction_required", ProveMore(level, None, _FOR_APP))


def _last_proof(session: Session) -> datetime:
    """When anything was proven last; a challenge is passed by what makes nothing else fresh."""
    return max(session.auth_time, session.challenged_at or session.auth_time)


def _answers_challenge(asked: AuthorizationRequest) -> bool:
    return asked.level is not None or asked.max_age is not None


def _level(visit: Visit) -> Level | None:
    """The level asked for, if this customer can reach it.

    acr_values is a wish: whoever has no second factor gets in, and the partner reads in ``acr`` what was proven. An
    essential acr claim is none: whoever cannot reach it is refused.
    """
    level = visit.asked.level
    if level is None or _can_reach(visit, level):
        return level
    if visit.asked.level_is_essential:
        raise visit.asked.refused("unmet_authentication_requirements", "this customer cannot reach the acr asked for")
    return None


def _can_reach(visit: Visit, level: Level) -> bool:
    return visit.session.level >= level or factors.highest_level(visit.customer) >= level


# --- ask, or go on without asking


def _ask_or_go_on(visit: Visit) -> HttpResponse:
    consent = Consent.objects.between(visit.customer.pk, visit.partner.pk).live().first()
    customer, partner = visit.customer.pk, visit.partner.pk
    counted = records.connected(customer, partner, consent.declined, visit.at) if consent else records.NOTHING
    visit, allows = grants.managed(visit, consent, counted.standing), counted.standing
    asked, ask_again = visit.asked, "consent" in visit.asked.prompt
    held = (*allows, *consent.resources) if consent else ()
    must_show = ask_again or "select_account" in asked.prompt or grants.takes_away(asked, held)
    offered = records.offered(asked.covers, visit.at)
    acts = acting.live(visit.partner, customer) if visit.partner.kind is Kind.AGENT else None
    if visit.partner.kind is Kind.AGENT:
        must_show = must_show or not acting.covers(acts, asked, visit.at)
    if not (offered or asked.details or acting.offered(visit.partner)):
        raise asked.refused("invalid_scope", "what is asked for is not in use at the moment")
    allowed = held if asked.grant_action is not GrantAction.CREATE else ()
    wanted = (*offered, *ours.of_others(asked.resources))
    unanswered = policy.missing(wanted, allowed=allowed, declined=counted.declined, ask_again=ask_again)
    by_itself, is_public = bool(asked.details), visit.partner.is_public
    if consent and not policy.needs_page(unanswered, is_public=is_public, ask_again=must_show, by_itself=by_itself):
        check_issue(visit)
        return send_code(visit, consent)
    if "none" in asked.prompt:
        raise asked.refused("consent_required", "the customer has to be asked")
    # A payment is no time to ask about the rest.
    known = () if by_itself and consent and not (ask_again or asked.grant_action) else allowed
    shown = tuple(name for name in offered if name in known or name in unanswered)
    check_before_asking(visit, shown, consent, unanswered)
    for each in map(details.transaction, asked.details):
        token = accounts_facts.for_token(visit.customer, visit.session, by=visit.by, at=visit.at)
        gated = approving.for_transaction(token, visit.customer, visit.session, each, Channel.API, at=visit.at)
        check_gate(visit, each.action, gated)
    form = None
    if visit.partner.kind is Kind.AGENT:
        now = acts.terms if acts else None
        form = OneByOne(actions=acting.offered(visit.partner), now=now, can_ask=not is_public)
    return page(visit, shown, frozenset(allowed), grants.given_up(asked, held), form)


def send_code(visit: Visit, consent: Consent, approved: tuple[UUID, ...] = ()) -> HttpResponse:
    """Back to the partner, with a code for what is allowed, and what was ``approved`` by itself just now."""
    if visit.asked.handle and not pushed.close(visit.request, visit.asked.handle):
        raise Unanswerable(str(pushed.OVER))
    try:
        code = flows.let_in(consent, visit.session, visit.asked, approved, by=visit.by, at=visit.at)
    except Refused as refused:
        raise visit.asked.refused("access_denied", str(refused.reason)) from refused
    return visit.asked.back.answer(code=code)


def page(
    visit: Visit, shown: tuple[str, ...], allowed: frozenset[str], given_up: tuple[str, ...], form: OneByOne | None
) -> HttpResponse:
    """Nothing is ticked that was not allowed before (GDPR 4.11); what is new since then is marked.

    ``form``: what an agent asks to do.
    """
    reference, spoken = codes.new_token(), records.spoken(shown, visit.at)
    kept = {"asked": ASKED.dump_python(visit.asked, mode="json"), "shown": shown, "read": records.texts(spoken)}
    kept["partner"] = str(visit.partner.pk)
    cache.set(key(visit.session, reference), kept, _KEPT_SECONDS)
    context = {
        "partner": visit.partner,
        "reference": reference,
        "query": visit.asked.query,
        **asking.by_purpose(spoken, visit.customer, allowed, visit.at),
        "given_up": scopes.described(given_up),
        "places_given_up": Resource.objects.filter(url__in=given_up).order_by("name"),
        "places": Resource.objects.filter(url__in=visit.asked.resources).order_by("name"),
        "details": [details.described(each) for each in visit.asked.details],
        "back": urlsplit(visit.asked.redirect_uri).netloc,
        "form": form,
    }
    response = render(visit.request, "consent/release/authorize.html", context)
    # Chromium applies form-action to the redirect that follows the form: the partner's origin, on this page alone.
    response._csp_update = {"form-action": [authorization.origin(visit.asked.redirect_uri)]}  # type: ignore[attr-defined]  # noqa: SLF001
    return response


def key(session: Session, reference: str) -> str:
    """Under what a question is kept until it is answered."""
    return f"authorization:{session.pk}:{codes.handle(reference, 'authorization request')}"
