"""ConsentValidator: the library asks, policy answers; at every code, refresh and request. Named in settings."""

from typing import Any

from oauthlib.oauth2.rfc6749 import errors

from ciam_portal.core import clock
from ciam_portal.oauth import dpop, subject_tokens, tokens
from ciam_portal.oauth.authentication import Authenticating
from ciam_portal.oauth.backend import JKT
from ciam_portal.oauth.ciba import GRANT as CIBA
from ciam_portal.oauth.exchange import GRANT
from ciam_portal.oauth.id_tokens import mint
from ciam_portal.oauth.models import Partner, RefreshToken
from ciam_portal.oauth.scopes import OWN
from consent.approvals import flows as approvals
from consent.device import flows as devices
from consent.exchange import flows as exchange
from consent.exchange.policy import Why as WhyNot
from consent.release import id_tokens, own, pace, wanted
from consent.release.access import Access, acting, admit
from consent.release.events import Why
from consent.release.flows import codes, partners, refreshing
from consent.release.flows.family import Exchanged, Wanted

_ONE_BY_ONE = {Partner.GRANT_AUTHORIZATION_CODE, Partner.GRANT_DEVICE_CODE}  # customers let them in
_GRANTS = {
    "authorization_code": {Partner.GRANT_AUTHORIZATION_CODE},
    "refresh_token": _ONE_BY_ONE,
    "client_credentials": {Partner.GRANT_CLIENT_CREDENTIALS},
    Partner.GRANT_DEVICE_CODE: {Partner.GRANT_DEVICE_CODE},
}


class TooMany(errors.OAuth2Error):
    """One too many of a partner's requests, and when the next one may come."""

    error, status_code = pace.ERROR, pace.STATUS

    def __init__(self, wait: int, request: Any) -> None:
        words = "too many requests in a minute"
        super().__init__(description=words, request=request)
        self.wait = wait

    @property
    def headers(self) -> dict[str, str]:
        """How long to wait (RFC 9110 section 10.2.3)."""
        return {"Retry-After": str(self.wait)}


class ConsentValidator(Authenticating):
    """Every question the library asks, answered from our rows and our policy. ``request`` is the library's own."""

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Partner, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """What this partner was registered for, of the three there are; with a key, where its profile wants one."""
        if (wait := pace.too_many(request.client)) is not None:
            raise TooMany(wait, request)
        if request.client.rules.bound and not _jkt(request):
            words = "this app proves with DPoP that it holds its tokens"
            raise errors.CustomOAuth2Error("invalid_dpop_proof", description=words, request=request)
        if grant_type == "client_credentials":
            wanted.refuse_details(request, "a customer approves these")
            if set(request.client.scopes_allowed) & OWN:
                return True
        if grant_type == GRANT:
            acts = getattr(request, "subject_token_type", None) == subject_tokens.TYPE
            return bool(request.client.delegates if acts else request.client.may_exchange)
        if grant_type == CIBA:
            return bool(request.client.rules.asks)
        return request.client.authorization_grant_type in _GRANTS.get(grant_type, ())

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
        exchanged = codes.redeem(
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
        asked, partner = tuple((request.scope or "").split()), request.client

        def terms(found: RefreshToken) -> Wanted:
            if not set(asked) <= set(found.scope.split()):
                raise errors.InvalidScopeError(request=request)
            return wanted.of(request, found, asked, _jkt(request))

        try:
            exchanged = refreshing.refresh(refresh_token, partner, terms, by=acting(partner), at=clock.now())
        except refreshing.Unknown:
            return False
        return _keep(request, exchanged, "")

    def get_original_scopes(self, refresh_token: str, request: Any, *args: Any, **kwargs: Any) -> list[str]:
        """All that was asked for was compared in the exchange already."""
        return list(dict.fromkeys((*request.issued.lasting, *(request.scope or "").split())))

    # --- devices

    def validate_device_code(
        self, client_id: str, device_code: str, request: Any, *args: Any, **kwargs: Any
    ) -> str | None:
        """The whole exchange, or what the device hears while it waits (RFC 8628 section 3.5)."""
        wanted.refuse_details(request, "on a device nothing is approved by itself")
        target, by = wanted.target(request, []), acting(request.client)
        polled = devices.poll(request.client, device_code, target, jkt=_jkt(request), by=by, at=clock.now())
        if isinstance(polled, Exchanged):
            return "authorized" if _keep(request, polled, "") else None
        return polled

    # --- what agents ask their customers

    def validate_auth_req_id(self, request: Any) -> None:
        """The whole exchange; raises what the agent hears otherwise (OpenID CIBA Core section 11)."""
        wanted.refuse_details(request, "what is asked was said when it was")
        asked, client, at = wanted.resource(request), request.client, clock.now()
        polled = approvals.poll(client, request.auth_req_id, asked, jkt=_jkt(request), by=acting(client), at=at)
        if not isinstance(polled, Exchanged):
            raise errors.CustomOAuth2Error(polled or "invalid_grant", request=request)
        _keep(request, polled, "")

    # --- tokens for tokens

    def validate_exchange(self, request: Any) -> None:
        """The whole exchange; raises what the partner is told (RFC 8693 section 2.2.2)."""
        scopes = tuple((request.scope or "").split())
        terms = exchange.Wanted(wanted.resource(request), scopes, _jkt(request), wanted.named(request) or ())
        client, by, at = request.client, acting(request.client), clock.now()
        if request.subject_token_type == subject_tokens.TYPE:
            wanted.refuse_details(request, "who acts for somebody holds nothing that was approved by itself")
            named, theirs = (
                subject_tokens.read(request.subject_token, client, at),
                tokens.access_of(request.actor_token),
            )
            issued = exchange.act(named, theirs, client, terms, by=by, at=at)
        else:
            issued = exchange.exchange(tokens.access_of(request.subject_token), client, terms, by=by, at=at)
        if isinstance(issued, WhyNot):
            raise wanted.refusal(issued, request)
        request.issued, request.scopes, request.approved = issued, list(issued.scopes), terms.details

    # --- what is handed out

    def save_bearer_token(self, token: dict[str, Any], request: Any, *args: Any, **kwargs: Any) -> None:
        """A customer's tokens are stored already; a partner's own is stored now."""
        if getattr(request, "issued", None) is None:
            request.issued = own.issue(request.client, request, token, jkt=_jkt(request))
        issued, exchanged = request.issued, getattr(request, "exchanged", None)
        if approved := exchanged.details if exchanged else getattr(request, "approved", ()):
            token["authorization_details"] = list(approved)
        if exchanged and not request.client.is_public:
            token["grant_id"] = str(exchanged.consent.pk)
        token |= {"access_token": issued.access_token, "expires_in": issued.seconds, "scope": " ".join(issued.scopes)}
        if request.grant_type == Partner.GRANT_DEVICE_CODE and "openid" in issued.scopes:
            token["id_token"] = self.get_id_token(token, None, request)  # the library forgets it here
        if _jkt(request):
            token["token_type"] = dpop.SCHEME
        if not token.get("refresh_token"):
            token.pop("refresh_token", None)

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: Partner, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        """A partner acting for itself: only what opens nothing of a customer's."""
        if getattr(request, "issued", None) is not None:
            return True  # a device's, judged in its exchange
        request.target = wanted.target(request, [named] if (named := wanted.resource(request)) else [])
        return set(scopes) <= set(request.client.scopes_allowed) & OWN

    def get_default_scopes(self, client_id: str, request: Any, *args: Any, **kwargs: Any) -> list[str]:
        """Nothing is given that was not asked for."""
        return []

    def get_id_token(self, token: dict[str, Any], token_handler: Any, request: Any) -> str:
        """Who signed in, when and how. Fields are userinfo's (OpenID Connect Core 5.4), but those named for it."""
        claims = id_tokens.claims(request.exchanged, request.client, by=acting(request.client), at=clock.now())
        return mint(claims, request.client.algorithm, request.issued.access_token)

    # --- tokens in use, and given back

    def validate_bearer_token(self, token: str, scopes: list[str], request: Any) -> bool:
        """Whether an access token (nothing else) opens these scopes now."""
        access = admit(token or "", *(scopes or ()), path="")
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
        """A partner's own token, or what its customer is asked by it; those of others are as unknown as invented."""
        if (asked := approvals.of(request.client, token)) is not None:
            approvals.withdraw(asked, by=acting(request.client), at=clock.now())
            return
        found = tokens.refresh_of(request.client, token) or tokens.access_of(token)
        if found is not None and found.application_id == request.client.pk:
            partners.give_back(found, request.client, by=acting(request.client), at=clock.now())


def _keep(request: Any, exchanged: Exchanged | Why, challenge: str) -> bool:
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
