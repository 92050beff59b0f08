"""Passkeys: the only speaker of django_otp_webauthn and of the library below it.

The library's own views sign people in by themselves, past our stages; only its helper is used. A challenge lives in
the shared cache, belongs to one browser session, and is spent by an atomic delete before anything is looked at.
"""

import json
import struct
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django_otp_webauthn.helpers import WebAuthnHelper
from django_otp_webauthn.models import WebAuthnUserHandle
from webauthn import base64url_to_bytes, verify_authentication_response
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import parse_authentication_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts.models import Passkey, User
from ciam_portal.core.crypto import codes

_LIFE_SECONDS = 300
_LONGEST_ID = 1023  # bytes (WebAuthn Level 3, credential id)
_HIGHEST_COUNTER = 2**31 - 1  # what the column holds; no authenticator counts so far
# What the libraries raise for messages no authenticator would send.
_NONSENSE = (
    WebAuthnException,
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
    RecursionError,
    struct.error,
)
_NONCE = "passkeys"


class NotProven(Exception):
    """A passkey's message proves nothing: altered, foreign, late, or without the check of PIN or biometrics."""


class KnownPasskey(Exception):
    """The passkey is registered already, with this account or another."""


class Ceremony(StrEnum):
    """What a challenge was made for; it serves nothing else."""

    ADD = "add"
    SIGN_IN = "sign_in"
    PROVE = "prove"
    RECOVER = "recover"
    RESTORE = "restore"  # make a new one at the end of a recovery


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser sent back, and the spent challenge that it must have answered."""

    request: HttpRequest
    state: dict[str, Any]
    text: str


@dataclass(frozen=True, slots=True)
class Assertion:
    """A passkey whose signature is right. ``went_back``: its counter did not grow, so it proves nothing."""

    passkey: Passkey
    went_back: bool
    known: int
    shown: int


class Helper(WebAuthnHelper):
    """PIN or biometrics always, and passkeys that can be found without a name typed first."""

    def get_generate_registration_options_kwargs(self, *, user: User) -> dict[str, Any]:
        """The library only prefers what we require."""
        options: dict[str, Any] = super().get_generate_registration_options_kwargs(user=user)
        options["authenticator_selection"] = AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            require_resident_key=True,
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return options

    def create_credential(self, user: User, response: Any, *rest: Any) -> Passkey:  # noqa: ANN401  (the library's)
        """Ours, checked and marked."""
        if len(response.credential_id) > _LONGEST_ID or response.sign_count > _HIGHEST_COUNTER:
            raise NotProven
        passkey: Passkey = super().create_credential(user, response, *rest)
        passkey.user_verified_at_creation = response.user_verified
        return passkey


# Challenges


def begin_adding(
    request: HttpRequest, customer: User, ceremony: Ceremony = Ceremony.ADD, *, bound_to: str = ""
) -> dict[str, Any]:
    """What the browser needs to make a passkey: options, and the ceremony to name when it comes back.

    ``bound_to``: what it belongs to beside the browser and the customer, such as one recovery.
    """
    options, state = Helper(request).register_begin(customer)
    return _begun(request, ceremony, customer.pk, options, state, bound_to=bound_to)


def begin_showing(request: HttpRequest, ceremony: Ceremony, customer: User | None) -> dict[str, Any]:
    """What the browser needs to show a passkey: any of this customer's, or, for nobody yet, whichever it offers."""
    options, state = Helper(request).authenticate_begin(customer, require_user_verification=True)
    return _begun(request, ceremony, customer.pk if customer else None, options, state)


def _begun(
    request: HttpRequest,
    ceremony: Ceremony,
    customer: UUID | None,
    options: dict[str, Any],
    state: dict[str, Any],
    *,
    bound_to: str = "",
) -> dict[str, Any]:
    nonce = request.session.setdefault(_NONCE, codes.new_token())
    number = codes.new_token()
    stored = {"for": ceremony.value, "customer": str(customer), "bound": bound_to, "nonce": nonce, "state": state}
    cache.set(_key(number), stored, timeout=_LIFE_SECONDS)
    return {"ceremony": number, "options": options}


def take_answer(
    request: HttpRequest, sent: dict[str, str], ceremony: Ceremony, customer: User | None, *, bound_to: str = ""
) -> Answer | None:
    """What was ``sent`` for a ceremony begun in this browser session for this purpose and customer, now spent.

    None if there is no such ceremony, or if another request was faster.
    """
    key = _key(sent["ceremony"])
    stored = cache.get(key)
    if stored is None or not cache.delete(key):
        return None
    expected = {"for": ceremony.value, "customer": str(customer.pk if customer else None), "bound": bound_to}
    same = all(stored[name] == value for name, value in expected.items())
    if not same or stored["nonce"] != request.session.get(_NONCE):
        return None
    return Answer(request, stored["state"], sent["credential"])


def _key(number: str) -> str:
    return f"passkey:{codes.handle(number, 'ceremony')}"


def _message(text: str) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotProven from error
    if not isinstance(message, dict):
        raise NotProven
    return message


def _refuse_frames(message: dict[str, Any]) -> None:
    """A passkey asked for inside somebody else's page is somebody else's trick; the library does not look."""
    if json.loads(base64url_to_bytes(message["response"]["clientDataJSON"])).get("crossOrigin"):
        raise NotProven


# Adding


def add_passkey(customer: User, answer: Answer, name: str) -> Passkey:
    """Bind the passkey that the browser made. Raises NotProven or KnownPasskey."""
    try:
        message = _message(answer.text)
        _refuse_frames(message)
        with transaction.atomic():
            passkey: Passkey = Helper(answer.request).register_complete(customer, answer.state, message)
            passkey.name = name
            passkey.save(update_fields=["name"])
    except IntegrityError as error:
        raise KnownPasskey from error
    except _NONSENSE as error:
        raise NotProven from error
    return passkey


# Showing


def check_passkey(customer: User | None, answer: Answer) -> Assertion:
    """Whose passkey signed this challenge: this customer's, or anyone's if nobody is known yet. Raises NotProven.

    The passkey's row stays locked, so its counter is compared and moved by one request at a time.
    """
    try:
        message = _message(answer.text)
        _refuse_frames(message)
        credential = parse_authentication_credential_json(message)
        passkey = _find(credential, customer)
        verified = _verify(Helper(answer.request), credential, passkey, answer.state)
    except _NONSENSE as error:
        raise NotProven from error
    known, shown = passkey.sign_count, verified.new_sign_count
    if shown > _HIGHEST_COUNTER:
        raise NotProven
    # Authenticators that do not count always say 0 (WebAuthn Level 3, section 6.1.1).
    if (known or shown) and shown <= known:
        return Assertion(passkey, went_back=True, known=known, shown=shown)
    passkey.sign_count, passkey.backup_state = shown, verified.credential_backed_up
    passkey.set_last_used_timestamp(commit=False)
    passkey.save(update_fields=["sign_count", "last_used_at", "backup_state"])
    return Assertion(passkey, went_back=False, known=known, shown=shown)


def _find(credential: AuthenticationCredential, customer: User | None) -> Passkey:
    digest = Passkey.get_credential_id_sha256(credential.raw_id)
    found = Passkey.objects.select_for_update(of=("self",)).select_related("user")
    passkey: Passkey | None = found.filter(credential_id_sha256=digest, confirmed=True).first()
    if passkey is None or (customer is not None and passkey.user_id != customer.pk):
        raise NotProven
    handle = credential.response.user_handle
    if handle is None and customer is None:
        raise NotProven  # nobody named an account, neither the customer nor the passkey
    if handle is not None:
        owners = WebAuthnUserHandle.objects.filter(handle_hex=handle.hex(), user_id=passkey.user_id)
        if not owners.exists():
            raise NotProven
    return passkey


def _verify(
    helper: Helper, credential: AuthenticationCredential, passkey: Passkey, state: dict[str, Any]
) -> VerifiedAuthentication:
    # The counter is compared by the caller: the library looks at it before the signature, so that a message signed
    # by nobody could raise the alarm of a copied passkey.
    return verify_authentication_response(
        credential=credential,
        credential_current_sign_count=0,
        credential_public_key=bytes(passkey.public_key),
        expected_challenge=base64url_to_bytes(state["challenge"]),
        expected_rp_id=helper.get_relying_party_domain(),
        expected_origin=helper.get_allowed_origins(),
        require_user_verification=True,
    )
