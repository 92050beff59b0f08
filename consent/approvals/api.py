"""Where an agent asks its customer (OpenID CIBA Core 1.0 section 7): its form, read strictly, and the answer."""

import re
from datetime import datetime

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict

from ciam_portal.core import clock, network, places, typed
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits
from ciam_portal.oauth import backend, details, dpop, id_tokens
from ciam_portal.oauth.details import Detail
from ciam_portal.oauth.errors import ProtocolError
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.resources import targets
from ciam_portal.oauth.views import for_machines, problem
from consent.approvals import facts, flows
from consent.approvals.policy import Reason
from consent.models import Delegation
from consent.release import pace
from consent.release.access import acting

__all__ = ["ask"]

_HINTS = ("login_hint", "id_token_hint", "login_hint_token")
_LONGEST_MESSAGE, _LONGEST_TOKEN, _LONGEST_SUB, _LEAST_SECONDS = 140, 1024, 64, 30
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_PACED = {Reason.WAITS, Reason.TOO_MANY_WAIT, Reason.TOO_OFTEN}


@for_machines("POST")
def ask(request: HttpRequest) -> HttpResponse:
    """The customer is asked from now on: an ``auth_req_id`` by which the agent fetches the answer."""
    partner, at = backend.named(request), clock.now()
    if partner is None:
        return problem("invalid_client", "say who you are, and prove it", 401)
    if not partner.rules.asks:
        return problem("unauthorized_client", "only agents that prove with keys who they are ask their customers")
    if (wait := pace.too_many(partner)) is not None:
        return _later("too many requests in a minute", wait)
    try:
        acts, wanted = _read(request, partner, at)
    except ProtocolError as error:
        return dpop.with_nonce(problem(error.error, error.description), at)
    return _asked(partner, acts, wanted, at)


def _asked(agent: Partner, acts: Delegation, wanted: flows.Wanted, at: datetime) -> HttpResponse:
    """What comes of it. What its customer could not let it do anyway is said at once, by its code."""
    try:
        row, value = flows.ask(acts, wanted, by=acting(agent), at=at)
    except Refused as refused:
        if refused.reason in _PACED:
            return _later(str(refused.reason), limits.current().asking.seconds)
        return problem("access_denied", str(refused.reason), 403)
    told = {"auth_req_id": value, "expires_in": wanted.seconds, "interval": row.interval, "reference": row.reference}
    return JsonResponse(told)


def _read(request: HttpRequest, agent: Partner, at: datetime) -> tuple[Delegation, flows.Wanted]:
    """What is asked, and by what the agent acts for whom it asks. Raises ProtocolError.

    Whom it asks is looked up last: whatever else is wrong is said alike of everybody.
    """
    post, jkt = request.POST, dpop.proven(request, at)
    for name in ("request", "request_uri"):
        if name in post:
            raise ProtocolError("invalid_request", f"{name} is not taken here: who asks has proven it already")
    sub, asked, seconds = _hint(post, agent), _details(post, agent), _seconds(post)
    message, notify = _message(post), _notify(post, agent)
    acts = facts.connected(agent, sub, at)
    if acts is None:
        raise ProtocolError("unknown_user_id", "this app acts for nobody whom it knows by that name")
    url = _resource(str(post.get("resource", "")), agent, acts)
    scopes = tuple(dict.fromkeys(name for name in post.get("scope", "").split() if name in agent.scopes_allowed))
    address = network.client_address(request)
    prefix, country = network.prefix(address), places.lookup(address).country
    return acts, flows.Wanted(asked, message, url, seconds, scopes, prefix, country, jkt, notify)


def _hint(post: QueryDict, agent: Partner) -> str:
    """Whom it asks, by the name under which it knows them; by nothing else, however it is hinted at."""
    given = [name for name in _HINTS if post.get(name)]
    if len(given) != 1 or given == ["login_hint_token"]:
        raise ProtocolError("invalid_request", "say whom to ask once, in login_hint (the sub) or id_token_hint")
    if given == ["login_hint"]:
        return str(post["login_hint"])[:_LONGEST_SUB]
    claims = id_tokens.read_hint(str(post["id_token_hint"]))
    if claims is None or claims["aud"] != agent.client_id:
        raise ProtocolError("invalid_request", "id_token_hint is no ID token issued to this app")
    return str(claims["sub"])


def _details(post: QueryDict, agent: Partner) -> tuple[Detail, ...]:
    try:
        return details.read(post.get("authorization_details", ""), details.open_to(agent))
    except details.Unreadable as error:
        raise ProtocolError(details.ERROR, str(error)) from None


def _message(post: QueryDict) -> str:
    """Why, in the agent's words; shown there and here, so that the customer sees that it is about the same."""
    found = str(post.get("binding_message", ""))
    if not (0 < len(found) <= _LONGEST_MESSAGE and typed.is_plain(found)):
        words = f"binding_message is 1 to {_LONGEST_MESSAGE} plain characters: no controls, look-alikes or links"
        raise ProtocolError("invalid_binding_message", words)
    return found


def _seconds(post: QueryDict) -> int:
    most, text = limits.current().asking.seconds, str(post.get("requested_expiry", ""))
    if not text:
        return most
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) + 3 and int(text) > 0):
        raise ProtocolError("invalid_request", "requested_expiry is a number of seconds")
    return min(most, max(_LEAST_SECONDS, int(text)))


def _notify(post: QueryDict, agent: Partner) -> str:
    """With what an agent that wants to be told is told; it needs to know that by itself (section 7.1)."""
    found = str(post.get("client_notification_token", ""))
    if not agent.notification_endpoint:
        return ""
    if not (len(found) <= _LONGEST_TOKEN and _TOKEN.fullmatch(found)):
        words = f"client_notification_token is a bearer token of at most {_LONGEST_TOKEN} characters"
        raise ProtocolError("invalid_request", words)
    return found


def _resource(asked: str, agent: Partner, acts: Delegation) -> str:
    """The one API that the token will be for, of those that the agent may be used at."""
    target = targets.of(agent, acts.resources, asked)
    if target is None or not target.url:
        words = "resource is none that this app acts at for its customer; of several, name one"
        raise ProtocolError("invalid_target", words)
    return target.url


def _later(words: str, seconds: int) -> HttpResponse:
    response = problem(pace.ERROR, words, pace.STATUS)
    response["Retry-After"] = str(seconds)
    return response
