"""Which partner asks, and how it proves that: by its secret or its key (RFC 6749 section 2.3, RFC 7523)."""

import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

from oauth2_provider.oauth2_validators import OAuth2Validator

from ciam_portal.core import clock
from ciam_portal.oauth import assertions
from ciam_portal.oauth.backend import NETWORK
from ciam_portal.oauth.credentials import known
from ciam_portal.oauth.credentials.models import Credential
from ciam_portal.oauth.models import Partner

_LONGEST = 255


class Authenticating(OAuth2Validator):
    """The library's questions about who asks. ``request`` is the library's own."""

    def _load_application(self, client_id: Any, request: Any) -> Partner | None:
        client = getattr(request, "client", None)
        if isinstance(client, Partner) and client.client_id == client_id:
            return client
        sane = isinstance(client_id, str) and 0 < len(client_id) <= _LONGEST and client_id.isprintable()
        found = known.partner_of(client_id) if sane else None
        request.client = found if found is not None and found.is_on else None
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
