"""The authorization request: read and checked (RFC 6749 4.1, OpenID Connect Core 3.1.2)."""

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlencode, urlsplit

from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _

from ciam_portal.core.policy.assurance import Level
from ciam_portal.oauth import claims, details, verified
from ciam_portal.oauth.answers import MODES, QUERY, Back
from ciam_portal.oauth.details import Detail
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.resources import targets
from ciam_portal.oauth.scopes import SCOPES

PROMPTS = ("none", "login", "consent", "select_account", "create")
_KNOWN = (
    "client_id", "redirect_uri", "response_type", "response_mode", "scope", "state", "nonce", "code_challenge",
    "code_challenge_method", "prompt", "max_age", "acr_values", "claims", "id_token_hint", "login_hint",
    "dpop_jkt", "ui_locales", "resource", "authorization_details", "grant_management_action", "grant_id",
)  # fmt: skip
_OFFERED = (*_KNOWN, "request", "request_uri", "claims_locales", "display")
_LONGEST = {"state": 512, "nonce": 512, "scope": 512, "prompt": 64, "acr_values": 256, "claims": 2048, "max_age": 10}
_LONGEST_ID = 255
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # a SHA-256, base64url (RFC 7636 section 4.2)
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


class GrantAction(StrEnum):
    """What an authorization does to a grant (Grant Management for OAuth 2.0, section 5.2)."""

    CREATE = "create"
    REPLACE = "replace"
    MERGE = "merge"


class Unanswerable(Exception):
    """Not to be answered by redirect: who asks, or where to send the answer, is not sure. Says so in one sentence."""


class Answer(Exception):
    """An error that the partner is told by way of the browser. ``handle`` names the pushed request that it answers."""

    def __init__(self, back: Back, error: str, description: str, handle: str = "") -> None:
        super().__init__(error)
        self.back, self.error, self.description, self.handle = back, error, description, handle

    def respond(self) -> HttpResponse:
        """The answer."""
        return self.back.answer(error=self.error, error_description=self.description)


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A checked request. ``partner`` is the partner's ``client_id``; ``level`` the assurance asked for, if any.

    ``named`` are single fields (``ciam_portal.oauth.claims``), ``subject`` the customer it names;
    ``query`` asks the same again; ``handle`` names the pushed request that this is, if it is one.
    """

    partner: str
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    nonce: str
    code_challenge: str
    jkt: str = ""
    resources: tuple[str, ...] = ()
    prompt: frozenset[str] = frozenset()
    max_age: int | None = None
    level: Level | None = None
    level_is_essential: bool = False
    subject: str = ""
    named: tuple[str, ...] = ()
    id_token_hint: str = ""
    details: tuple[Detail, ...] = ()
    grant_action: GrantAction | None = None
    grant_id: str = ""
    mode: str = QUERY
    query: str = ""
    handle: str = ""

    @property
    def back(self) -> Back:
        """Where the answer goes."""
        return Back(self.partner, self.redirect_uri, self.state, self.mode)

    @property
    def covers(self) -> tuple[str, ...]:
        """The scopes that the customer is asked about: for all that is asked, single fields too."""
        return tuple(dict.fromkeys((*self.scopes, *claims.scopes_behind(self.named))))

    def refused(self, error: str, description: str) -> Answer:
        """An error for this partner."""
        return Answer(self.back, error, description, self.handle)


def origin(redirect_uri: str) -> str:
    """Scheme, host and port; the scheme alone, if it is a mobile app's own."""
    parts = urlsplit(redirect_uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"


def read(query: QueryDict, handle: str = "", *, ahead: bool = False) -> tuple[Partner, AuthorizationRequest]:
    """The partner and what it asks. Raises Unanswerable or Answer. Unknown and empty parameters are ignored.

    ``handle``: it was pushed; ``ahead``: it is being pushed now.
    """
    query = given(query)
    for name in ("client_id", "redirect_uri"):
        if len(query.getlist(name)) > 1:
            raise Unanswerable(_("The app sent %(name)s twice.") % {"name": name})
    partner, redirect_uri = sender(query), query.get("redirect_uri", "")
    if not redirect_uri or not partner.redirect_uri_allowed(redirect_uri):
        raise Unanswerable(_("The address the app wants you to be sent back to is not one that it registered."))
    if any(len(state) > _LONGEST["state"] for state in query.getlist("state")):
        # Without its own state a partner takes no answer by redirect.
        words = _("The app sent a state of more than %(count)d characters.")
        raise Unanswerable(words % {"count": _LONGEST["state"]})
    return partner, _Reader(query, partner, redirect_uri, handle, ahead=ahead).asked()


def sender(query: QueryDict) -> Partner:
    """The partner whose request this says it is. Raises Unanswerable."""
    client_id = query.get("client_id", "")
    sane = 0 < len(client_id) <= _LONGEST_ID
    partner: Partner | None = Partner.objects.filter(client_id=client_id).first() if sane else None
    if partner is None or not partner.is_on:
        raise Unanswerable(_("We do not know this app, or it is switched off."))
    if partner.authorization_grant_type != Partner.GRANT_AUTHORIZATION_CODE:
        raise Unanswerable(_("This app does not sign anybody in."))
    return partner


def given(query: QueryDict) -> QueryDict:
    """What was sent: a parameter without a value counts as omitted (RFC 6749 section 3.1)."""
    found = QueryDict(mutable=True)
    for name, values in query.lists():
        if kept := [value for value in values if value]:
            found.setlist(name, kept)
    return found


class _Reader:
    """Checks the rest of a request whose answer may go back by redirect."""

    def __init__(self, query: QueryDict, partner: Partner, redirect_uri: str, handle: str, *, ahead: bool) -> None:
        self.query, self.partner, self.redirect_uri = query, partner, redirect_uri
        self.handle, self.ahead = handle, ahead
        states = query.getlist("state")
        self.state = states[0] if len(states) == 1 else None

    def asked(self) -> AuthorizationRequest:
        """The request, or an Answer raised."""
        self._check_form()
        self._check_response()
        prompt = self._prompt()
        said = self._claims()
        level, essential = said.level(self.query.get("acr_values", ""))
        if essential and said.asks_level and level is None:
            raise self._no("unmet_authentication_requirements", "none of the essential acr values is supported")
        return AuthorizationRequest(
            partner=self.partner.client_id,
            redirect_uri=self.redirect_uri,
            scopes=self._scopes(),
            state=self.state,
            nonce=self.query.get("nonce", ""),
            code_challenge=self._challenge(),
            jkt=self._jkt(),
            resources=self._resources(),
            prompt=prompt,
            max_age=self._max_age(),
            level=level,
            level_is_essential=essential,
            subject=said.subject,
            named=() if self.partner.rules.agent else said.fields(self.partner.scopes_allowed),
            id_token_hint=self.query.get("id_token_hint", ""),
            details=self._details(),
            grant_action=self._grant_action(),
            grant_id=self.query.get("grant_id", ""),
            query=urlencode([(name, value) for name in _KNOWN for value in self.query.getlist(name)]),
            mode=self.query.get("response_mode", QUERY),
            handle=self.handle,
        )

    def _no(self, error: str, description: str) -> Answer:
        mode = self.query.get("response_mode", QUERY)
        back = Back(self.partner.client_id, self.redirect_uri, self.state, mode if mode in MODES else QUERY)
        return Answer(back, error, description, self.handle)

    def _check_form(self) -> None:
        for name in _OFFERED:
            values = self.query.getlist(name)
            if len(values) > 1 and name != "resource":
                raise self._no("invalid_request", f"{name} was sent more than once")
            if values and len(values[0]) > _LONGEST.get(name, 4096):
                raise self._no("invalid_request", f"{name} is too long")
        if "request" in self.query:
            raise self._no("invalid_request_object", "a request object holds no other")
        if "request_uri" in self.query:
            raise self._no("request_uri_not_supported", "request_uri is what our pushed request endpoint answered")
        if self.partner.rules.pushed and not (self.handle or self.ahead):
            raise self._no("invalid_request", "this app must push its requests (RFC 9126)")

    def _check_response(self) -> None:
        kind = self.query.get("response_type", "")
        if not kind:
            raise self._no("invalid_request", "response_type is missing")
        if kind != "code":
            raise self._no("unsupported_response_type", "only response_type=code is supported")
        if self.query.get("response_mode", QUERY) not in MODES:
            raise self._no("invalid_request", f"response_mode must be one of {', '.join(MODES)}")

    def _challenge(self) -> str:
        challenge = self.query.get("code_challenge", "")
        if not challenge and self.partner.rules.nonce_suffices and "nonce" in self.query:
            return ""
        if not challenge:
            raise self._no("invalid_request", "code_challenge is required (PKCE)")
        if self.query.get("code_challenge_method", "plain") != "S256":
            raise self._no("invalid_request", "code_challenge_method must be S256")
        if not _CHALLENGE.fullmatch(challenge):
            raise self._no("invalid_request", "code_challenge must be 43 characters of base64url")
        return challenge

    def _jkt(self) -> str:
        jkt = self.query.get("dpop_jkt", "")
        if jkt and not _CHALLENGE.fullmatch(jkt):
            raise self._no("invalid_request", "dpop_jkt must be the thumbprint of a key (RFC 9449 section 10)")
        return jkt

    def _resources(self) -> tuple[str, ...]:
        asked = tuple(dict.fromkeys(self.query.getlist("resource")))
        if self.partner.rules.agent and not asked:
            raise self._no("invalid_target", "an agent names what it is to be used at, in resource")
        if len(asked) > self.partner.most_resources or not all(targets.of(self.partner, (url,), url) for url in asked):
            raise self._no("invalid_target", "a resource is not known here, or not open to this app")
        return asked

    def _scopes(self) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(self.query.get("scope", "").split()))
        if not names and self.partner.actions_allowed:
            return ()  # an agent that reads nothing
        if not names or not all(_SCOPE.fullmatch(name) for name in names):
            raise self._no("invalid_scope", "scope is missing or malformed")
        # Unknown ones are ignored (OpenID Connect Core section 3.1.2.1); what was granted stands in the answer's scope.
        open_to_it = tuple(name for name in names if name in SCOPES and name in self.partner.scopes_allowed)
        if not (open_to_it or self.partner.actions_allowed):
            raise self._no("invalid_scope", "no scope is known and open to this app")
        return open_to_it

    def _details(self) -> tuple[Detail, ...]:
        text = self.query.get("authorization_details", "")
        if not text:
            return ()
        if not (self.handle or self.ahead):  # in the address anybody could have written it
            raise self._no(details.ERROR, "authorization_details are pushed, or signed in request")
        try:
            return details.read(text, self.partner.authorization_details_types)
        except details.Unreadable as error:
            raise self._no(details.ERROR, str(error)) from None

    def _grant_action(self) -> GrantAction | None:
        name, names_one = self.query.get("grant_management_action", ""), "grant_id" in self.query
        if not (name or names_one):
            return None
        if self.partner.is_public or self.partner.rules.agent:
            raise self._no("invalid_request", "grants are managed by apps that prove who they are, and are no agents")
        if name not in list(GrantAction):
            raise self._no("invalid_request", f"grant_management_action must be one of {', '.join(GrantAction)}")
        if names_one is (name == GrantAction.CREATE):
            raise self._no("invalid_request", "grant_id names the grant to replace or merge, and no fresh one")
        return GrantAction(name)

    def _prompt(self) -> frozenset[str]:
        prompt = frozenset(self.query.get("prompt", "").split())
        alone = prompt & {"none", "create"}
        if not prompt <= set(PROMPTS) or (alone and len(prompt) > 1):
            raise self._no("invalid_request", "prompt must be none, create, or some of login, consent, select_account")
        return prompt

    def _max_age(self) -> int | None:
        text = self.query.get("max_age")
        if text is None:
            return None
        if not (text.isascii() and text.isdigit()):
            raise self._no("invalid_request", "max_age must be a number of seconds")
        return int(text)

    def _claims(self) -> claims.Wanted:
        try:
            said = claims.read(self.query.get("claims", ""))
        except verified.Unreadable as error:
            raise self._no("invalid_request", str(error)) from None
        if said is None:
            raise self._no("invalid_request", "claims is malformed")
        return said
