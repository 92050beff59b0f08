"""Which partner asks, and how it proves that: by its secret or its key (RFC 6749 section 2.3, RFC 7523)."""

import base64
import binascii
from typing import Any
from urllib.parse import unquote_plus

from oauth2_provider.oauth2_validators import OAuth2Validator

from ciam_portal.core import clock
from ciam_portal.oauth import assertions
from ciam_portal.oauth.hashers import ClientSecret
from ciam_portal.oauth.models import Partner

_LONGEST = 255


class Authenticating(OAuth2Validator):
    """The library's questions about who asks. ``request`` is the library's own."""

    def _load_application(self, client_id: Any, request: Any) -> Partner | None:
        known = getattr(request, "client", None)
        if isinstance(known, Partner) and known.client_id == client_id:
            return known
        sane = isinstance(client_id, str) and 0 < len(client_id) <= _LONGEST and client_id.isprintable()
        found = Partner.objects.filter(client_id=client_id).first() if sane else None
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
        if partner is None or partner.is_public or partner.has_keys:  # no weaker proof than the one it chose
            return False
        if not self._check_secret(secret, partner.client_secret):
            return False
        if ClientSecret().must_update(partner.client_secret):
            partner.seal_secret(secret)
        return True

    def _authenticate_by_key(self, assertion: str, request: Any) -> bool:
        client_id = assertions.speaks_of(assertion)
        if request.client_id not in {None, "", client_id} or request.client_assertion_type != assertions.KIND:
            return False
        partner = self._load_application(client_id, request)
        return partner is not None and partner.has_keys and assertions.proves(assertion, partner, clock.now())

    def authenticate_client_id(self, client_id: str, request: Any, *args: Any, **kwargs: Any) -> bool:
        """Only a public partner may leave it at its name."""
        partner = self._load_application(client_id, request)
        return partner is not None and partner.is_public

    def _check_secret(self, provided_secret: str, stored_secret: str) -> bool:
        hasher = ClientSecret()
        right_form = stored_secret.startswith(f"{hasher.algorithm}$")
        return right_form and bool(provided_secret) and hasher.verify(provided_secret, stored_secret)


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
