"""The customer's answer on the consent page. The form says which question and what was ticked; all else was kept."""

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts.sessions.signing import customer_of, session_of
from ciam_portal.core import clock
from ciam_portal.core.errors import OnHold, ProveMore, Refused
from ciam_portal.core.words import sentence
from ciam_portal.oauth import scopes
from ciam_portal.oauth.authorization import Answer, GrantAction, Unanswerable
from ciam_portal.oauth.details import Detail
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.profiles import Kind
from ciam_portal.oauth.resources import ours
from consent.agents import facts as acting
from consent.agents import flows as agents
from consent.delegation.forms import OneByOne
from consent.details import flows as approval
from consent.models import Consent
from consent.permission import flows
from consent.records import policy as choices
from consent.release.authorize import ASKED, again, key, page, send_code
from consent.release.onward import carried, told
from consent.release.visits import Visit


@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest) -> HttpResponse:
    """The customer allows, approves, or says no."""
    session = session_of(request)
    kept_as = key(session, request.POST.get("reference", ""))
    kept = cache.get(kept_as) if request.method == "POST" else None
    if kept is None or not cache.delete(kept_as):
        return render(request, "consent/release/question_over.html", status=410)
    asked, shown = ASKED.validate_python(kept["asked"]), tuple(kept["shown"])
    partner = Partner.objects.get(pk=kept["partner"])  # whom the page named, whoever that address names by now
    visit = Visit(request, partner, asked, customer_of(request), session, clock.now())
    if partner.is_unregistered and not partner.is_on:
        return render(request, "consent/release/question_over.html", status=410)
    try:
        return carried(request, _settle(visit, shown, kept["read"]))
    except (Unanswerable, Answer) as error:
        return told(request, error)


def _settle(visit: Visit, shown: tuple[str, ...], read: dict[str, str]) -> HttpResponse:
    post = visit.request.POST
    wanted = set(post.getlist("scope"))
    ticked = tuple(scope.name for scope in scopes.described(shown) if scope.required or scope.name in wanted)
    chosen, is_agent = _chosen(visit), visit.partner.kind is Kind.AGENT
    if post.get("decision") != "allow" or not (ticked or chosen or is_agent):
        _deny(visit, shown)
        raise visit.asked.refused("access_denied", "the customer said no")
    offered, can_ask = acting.offered(visit.partner), not visit.partner.is_public
    form = OneByOne(post, actions=offered, scopes=ticked, can_ask=can_ask) if is_agent else None
    if form is not None and not form.is_valid():
        return page(visit, shown, frozenset(ticked), (), form)
    try:
        consent = _consented(visit, shown, ticked, read, form)
        approved = approval.approve(consent, visit.session, chosen, by=visit.by, at=visit.at) if chosen else ()
    except (ProveMore, OnHold, Consent.DoesNotExist):
        # The question is asked again from the start, and there the customer reads why, and what to do.
        return again(visit.asked.query)
    except Refused as refused:
        if refused.reason is choices.Reason.NOT_CURRENT:
            messages.warning(visit.request, sentence(refused.reason))
            return again(visit.asked.query)
        raise visit.asked.refused("access_denied", str(refused.reason)) from refused
    return send_code(visit, consent, approved)


def _chosen(visit: Visit) -> tuple[Detail, ...]:
    """Of what was asked for by itself, what the customer approves: of several, those that they tick."""
    asked, ticked = visit.asked.details, set(visit.request.POST.getlist("detail"))
    return asked if len(asked) == 1 else tuple(each for row, each in enumerate(asked, 1) if str(row) in ticked)


def _consented(
    visit: Visit, shown: tuple[str, ...], ticked: tuple[str, ...], read: dict[str, str], form: OneByOne | None
) -> Consent:
    """The consent, with the customer's answer if they were asked about any of it."""
    places = ours.of_others(visit.asked.resources)
    if form is not None:
        granted = agents.Granted(form.terms(), form.ends_at(visit.at), visit.asked.resources)
        answered = flows.Answered(shown, ticked, read, places)
        return agents.connect(visit.session, visit.partner, answered, granted, by=visit.by, at=visit.at)
    found, action = Consent.objects.between(visit.customer.pk, visit.partner.pk).live(), visit.asked.grant_action
    goes_on = not shown and action in {None, GrantAction.MERGE}
    if goes_on and set(places) <= set((consent := found.get()).resources):
        return consent
    answered = flows.Answered(shown, ticked, read, places, action)
    return flows.give(visit.session, visit.partner, answered, by=visit.by, at=visit.at)


def _deny(visit: Visit, shown: tuple[str, ...]) -> None:
    if visit.asked.details:
        approval.refuse(visit.customer, visit.partner, visit.asked.details, by=visit.by, at=visit.at)
    if shown or not visit.asked.details:
        flows.deny(visit.customer, visit.partner, shown, by=visit.by, at=visit.at)
