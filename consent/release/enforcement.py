"""ConsentValidator: the library asks, policy answers; at every code, refresh and request. Named in settings."""

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2.rfc6749 import errors

from accounts.step_up import facts as accounts_facts
from ciam_portal.core import clock
from ciam_portal.core.policy import limits
from ciam_portal.oauth import assertions, dpop, id_tokens, tokens
from ciam_portal.oauth.backend import JKT, NETWORK
from ciam_portal.oauth.claims import ID_TOKEN
from ciam_portal.oauth.credentials import known
from ciam_portal.oauth.credentials.models import Credential
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.scopes import OWN
from ciam_portal.oauth.subjects import subject
from consent.permission import facts
from consent.release import flows, wanted
from consent.release.access import Access, acting, admit
from consent.release.events import Why

_LONGEST = 255
_GRANTS = {
    "authorization_code": Partner.GRANT_AUTHORIZATION_CODE,
    "refresh_token": Partner.GRANT_AUTHORIZATION_CODE,
    "client_credentials": Partner.GRANT_CLIENT_CREDENTIALS,
}


class ConsentValidator(OAuth2Validator):
    """Every question the library asks, answered from our rows and our policy. ``request`` is the library's own."""

    # --- who asks

    def _load_application(self, client_id: Any, request: Any) -> Partner | None:
        client = getattr(request, "client", None)
        if isinstance(client, Partner) and client.client_id == client_id:
            return client
        sane = isinstance(client_id, str) and 0 < len(client_id) <= _LONGEST and client_id.isprintable()
        found = known.partner_of(client_id) if sane else None
        request.client = found if found is not None and found.is_enabled else None
        return request.client

    def client_authentication_required(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        """A partner that shows a proof must show the right one; one that has any must show it."""
        if any((_authorization(request), *_in_form(request))):
            return True
        partner = self._load_application(request.client_id, request)
        return partner is None or not partner.is_public

    def authenticate_client(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        """By one proof: its secret, in the header or the form, or what it signed (RFC 6749 section 2.3)."""
        header, (secret, assertion) = _authorization(request), _in_form(request)
        if sum(map(bool, (header, secret, assertion))) != 1:
            return False
        if assertion:
            return self._authenticate_by_key(assertion, request)
        client_id, secret = _basic(header) if header else (request.client_id, secret)
        if request.client_id not in {None, "", client_id}:
            return False
        partner = self._load_application(client_id, request)
        return partner is not None and self._proven(partner, request, lambda held, _at: held.is_secret(secret))

    def _authenticate_by_key(self, assertion: str, request: Any) -> bool:
        client_id = assertions.speaks_of(assertion)
        if request.client_id not in {None, "", client_id} or request.client_assertion_type != assertions.KIND:
            return False
        partner = self._load_application(client_id, request)
        return partner is not None and self._proven(
            partner, request, lambda held, at: assertions.proves(assertion, partner, held, at)
        )

    def _proven(self, partner: Partner, request: Any, shows: Callable[[Credential, datetime], bool]) -> bool:
        """Whether what was sent shows one of the credentials that live now; that it was used is kept."""
        at = clock.now()
        held = next((each for each in known.live(partner, at) if shows(each, at)), None)
        if held is None:
            return False
        partner.shown = held
        held.used(request.headers.get(NETWORK) or "", at)
        partner.used(at)
        return True

    def authenticate_client_id(self, client_id: str, request: Any, *args: Any, **kwargs: Any) -> bool:
        """Only a public partner may leave it at its name."""
        partner = self._load_application(client_id, request)
        if partner is None or not partner.is_public:
            return False
        partner.used(clock.now())
        return True

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Partner, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """What this partner was registered for, of the three there are; with a key, where its profile wants one."""
        if request.client.rules.bound and not _jkt(request):
            words = "this app proves with DPoP that it holds its tokens"
            raise errors.CustomOAuth2Error("invalid_dpop_proof", description=words, request=request)
        if grant_type == "client_credentials":
            wanted.refuse_to_itself(request)
            if set(request.client.scopes_allowed) & OWN:
                return True
        return _GRANTS.get(grant_type) == request.client.authorization_grant_type

    # --- codes

    def get_authorization_code_scopes(self, client_id: str, code: str, redirect_uri: str, request: Any) -> list[str]:
        """The library asks which of its handlers to take, before anything is checked; one does for both."""
        return ["openid"]

    def validate_code(
        self, client_id: str, code: str, client: Partner, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """The whole exchange: the library checks nothing after this that was not checked here, under lock."""
        if not request.redirect_uri:
            raise errors.InvalidRequestError("redirect_uri is missing", request=request)
        found = tokens.code_of(request.client, code)
        if found is None:
            return False
        exchanged = flows.redeem(
            found,
            request.client,
            wanted.of(request, found, (), _jkt(request)),
            redirect_uri=request.redirect_uri,
            verifier=request.code_verifier or "",
            by=acting(request.client),
            at=clock.now(),
        )
        return _keep(request, exchanged, found.code_challenge)

    def is_pkce_required(self, client_id: str, request: Any) -> bool:
        """Looked at in the exchange."""
        return False

    def get_code_challenge(self, code: str, request: Any) -> str | None:
        """For the library's own second look at PKCE, where there was a challenge."""
        return request.code_challenge or None

    def get_code_challenge_method(self, code: str, request: Any) -> str:
        """No other is ever stored."""
        return "S256"

    def confirm_redirect_uri(self, *args: Any, **kwargs: Any) -> bool:
        """Compared in the exchange."""
        return True

    def invalidate_authorization_code(self, client_id: str, code: str, request: Any, *args: Any, **kwargs: Any) -> None:
        """Spent in the exchange."""

    def get_authorization_code_nonce(self, client_id: str, code: str, redirect_uri: str, request: Any) -> str | None:
        """What the partner sent along with its request."""
        return request.exchanged.nonce or None

    # --- refresh tokens

    def validate_refresh_token(
        self, refresh_token: str, client: Partner, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """The whole exchange, for the scopes asked or for all."""
        found = tokens.refresh_of(request.client, refresh_token)
        if found is None:
            return False
        asked = tuple((request.scope or "").split())
        if not set(asked) <= set(found.scope.split()):
            raise errors.InvalidScopeError(request=request)
        terms = wanted.of(request, found, asked, _jkt(request))
        exchanged = flows.refresh(found, request.client, terms, by=acting(request.client), at=clock.now())
        return _keep(request, exchanged, "")

    def get_original_scopes(self, refresh_token: str, request: Any, *args: Any, **kwargs: Any) -> list[str]:
        """All that was asked for was compared in the exchange already."""
        return list(dict.fromkeys((*request.issued.lasting, *(request.scope or "").split())))

    # --- what is handed out

    def save_bearer_token(self, token: dict[str, Any], request: Any, *args: Any, **kwargs: Any) -> None:
        """A customer's tokens are stored already; a partner's own is stored now."""
        if getattr(request, "issued", None) is None:
            at, by = clock.now(), acting(request.client)
            scopes = tuple(request.scopes)
            flows.authorize_partner(request.client, token["access_token"], scopes, jkt=_jkt(request), by=by, at=at)
        else:
            token["scope"] = " ".join(request.issued.scopes)
            if request.exchanged.details:
                token["authorization_details"] = list(request.exchanged.details)
        if _jkt(request):
            token["token_type"] = dpop.SCHEME
        if not token.get("refresh_token"):
            token.pop("refresh_token", None)

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: Partner, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """A partner acting for itself: only what opens nothing of a customer's."""
        return set(scopes) <= set(request.client.scopes_allowed) & OWN

    def get_default_scopes(self, client_id: str, request: Any, *args: Any, **kwargs: Any) -> list[str]:
        """Nothing is given that was not asked for."""
        return []

    def get_id_token(self, token: dict[str, Any], token_handler: Any, request: Any) -> str:
        """Who signed in, when and how. Fields are userinfo's (OpenID Connect Core 5.4), but those named for it."""
        exchanged, issued = request.exchanged, request.issued
        at = clock.now()
        now, by = int(at.timestamp()), acting(request.client)
        asked = accounts_facts.for_token(exchanged.customer, exchanged.session, by=by, at=at)
        named = facts.named_now(ID_TOKEN, exchanged.named, exchanged.consent, asked, at)
        claims: dict[str, Any] = facts.released(exchanged.customer, (), named=named)
        claims |= facts.signed_in(exchanged.session)
        claims |= {
            "sub": subject(request.client, exchanged.customer.pk),
            "aud": request.client.client_id,
            "iat": now,
            "exp": now + limits.current().oauth.id_token_seconds,
        }
        if exchanged.nonce:
            claims["nonce"] = exchanged.nonce
        if exchanged.sid:
            claims["sid"] = exchanged.sid
        return id_tokens.mint(claims, request.client.algorithm, issued.access_token)

    # --- tokens in use, and given back

    def validate_bearer_token(self, token: str, scopes: list[str], request: Any) -> bool:
        """Whether an access token (nothing else) opens these scopes now."""
        access = admit(token or "", *(scopes or ()))
        if not isinstance(access, Access):
            request.oauth2_error = {"error": "invalid_token"}
            return False
        request.client, request.user, request.access_token = access.partner, access.customer, access.token
        request.scopes = list(access.scopes)
        return True

    def validate_jwt_bearer_token(self, *args: Any, **kwargs: Any) -> bool:
        """An ID token says who signed in; it opens nothing."""
        return False

    validate_id_token = validate_jwt_bearer_token

    def validate_user(self, *args: Any, **kwargs: Any) -> bool:
        """Nobody's password is ever taken here."""
        return False

    def revoke_token(self, token: str, token_type_hint: str, request: Any, *args: Any, **kwargs: Any) -> None:
        """A partner's own token, of whichever kind; those of others are as unknown as invented ones."""
        found = tokens.refresh_of(request.client, token) or tokens.access_of(token)
        if found is not None and found.application_id == request.client.pk:
            flows.give_back(found, request.client, by=acting(request.client), at=clock.now())


def _keep(request: Any, exchanged: flows.Exchanged | Why, challenge: str) -> bool:
    if isinstance(exchanged, Why):
        if exchanged in {Why.PROVE_MORE, Why.ON_HOLD, Why.TOO_RISKY}:
            words = "something about this is unusual: send the customer through the authorization endpoint again"
            raise errors.InvalidGrantError(description=words, request=request)
        return False
    request.exchanged, request.issued = exchanged, exchanged.issued
    request.user, request.scopes = exchanged.customer, list(exchanged.issued.scopes)
    request.code_challenge = challenge
    return True


def _jkt(request: Any) -> str:
    return str(request.headers.get(JKT) or "")


def _in_form(request: Any) -> tuple[str, str]:
    return getattr(request, "client_secret", None) or "", getattr(request, "client_assertion", None) or ""


def _authorization(request: Any) -> str:
    return str(request.headers.get("Authorization") or "")


def _basic(header: str) -> tuple[str, str]:
    """Name and secret of HTTP Basic, each form-encoded first (RFC 6749 section 2.3.1); empty for anything else."""
    kind, _, text = header.partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        pair = base64.b64decode(text.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return "", ""
    name, _, secret = pair.partition(":")
    return unquote_plus(name), unquote_plus(secret)
