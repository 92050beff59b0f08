"""Authenticator apps: the only speaker of django_otp. One app for each customer, its seed sealed at rest."""

import base64
import logging
import os
import re
from datetime import datetime
from urllib.parse import quote, urlencode

import segno
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.views.decorators.debug import sensitive_variables
from django_otp.oath import TOTP

from accounts.factors.verifier.outcome import Checked, Outcome
from accounts.models import AppBucket, Totp, User
from ciam_portal.core.crypto import codes, vault
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method

log = logging.getLogger(__name__)

_STEP_SECONDS = 30
_DIGITS = 6


def new_seed() -> bytes:
    """160 random bits (RFC 4226 section 4)."""
    return os.urandom(20)


@sensitive_variables("seed")
def pending_seed(session: SessionBase, key: str, context: str) -> bytes:
    """The seed being offered, the same for every reload of the page; sealed, for the session's row is no vault."""
    try:
        return vault.unseal(str(session[key]), context)
    except (KeyError, vault.CannotOpen):
        seed = new_seed()
        session[key] = vault.seal(seed, context)
        return seed


def seed_in_groups(seed: bytes) -> str:
    """The seed to type by hand: base32 in groups of four."""
    text = base64.b32encode(seed).decode()
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def seed_as_picture(seed: bytes, customer: User) -> str:
    """A QR code as a ``data:`` address of an SVG image."""
    label = quote(f"{settings.PORTAL_NAME.replace(':', '')}:{customer.shown_email}")
    context = {
        "secret": base64.b32encode(seed).decode(),
        "issuer": settings.PORTAL_NAME,
        "algorithm": "SHA1",
        "digits": _DIGITS,
        "period": _STEP_SECONDS,
    }
    address = f"otpauth://totp/{label}?{urlencode(context, quote_via=quote)}"
    return segno.make(address, error="m", micro=False).svg_data_uri(scale=4, border=2)


# The code before and after count too, from where this device's clock was last found (RFC 6238 sections 5.2 and 6).
_DRIFT_STEPS = 1


def add_app(customer: User, seed: bytes, code: str, at: datetime) -> Totp | None:
    """Bind an app that shows the right code for ``seed`` now; None if it does not. That code is spent by this."""
    totp = TOTP(seed, _STEP_SECONDS, 0, _DIGITS)
    totp.time = at.timestamp()
    if not _is_code(code) or not totp.verify(int(code), tolerance=_DRIFT_STEPS):
        return None
    app = Totp(user=customer, name="", confirmed=True, step=_STEP_SECONDS, digits=_DIGITS, drift=totp.drift)
    app.last_t = totp.t()
    app.seal(seed)  # before the first save: the library's own default key is never stored
    app.save(force_insert=True)
    return app


def carried(customer: User, seed: bytes) -> Totp:
    """An app that was bound elsewhere, with its seed sealed as ours are. Not saved yet."""
    app = Totp(user=customer, name="", confirmed=True, step=_STEP_SECONDS, digits=_DIGITS)
    app.seal(seed)
    return app


def check_app(customer: User, code: str, origin: str, at: datetime) -> Checked:
    """Whether this is the code that the customer's app shows now. Each works once, whichever session it was used in.

    Wrong codes make ``origin`` wait, and no other: whoever guesses at theirs does not stop the owner. All origins
    together may be wrong so often in a row; then the app is off until it is added anew (NIST SP 800-63B-4 section
    3.2.2).
    """
    app = Totp.objects.select_for_update().filter(user=customer, confirmed=True).order_by("pk").first()
    if app is None or not _is_code(code):
        return Checked(Outcome.WRONG)
    if is_off(app):
        return Checked(Outcome.DEAD)
    key, factor = codes.pseudonym(origin, "app lane"), limits.current().factors.throttle_seconds
    bucket = AppBucket.objects.filter(app=app, origin=key).first() or AppBucket(app=app, origin=key, last_at=at)
    until = bucket.until(at, factor)
    if until is not None:
        return Checked(Outcome.WAIT, until)
    app.tolerance = _DRIFT_STEPS
    try:
        right = app.verify_token(code)
    except vault.CannotOpen:
        log.exception("the seed of authenticator app %s cannot be opened", app.pk)
        return Checked(Outcome.DEAD)
    if right:
        if bucket.failures:
            bucket.clear()
        return Checked(Outcome.RIGHT)
    bucket.missed(at)
    return Checked(Outcome.DEAD, off=True) if is_off(app) else Checked(Outcome.WRONG, bucket.until(at, factor))


def is_off(app: Totp) -> bool:
    """Whether so many wrong codes in a row were typed that this app opens nothing any more."""
    return bool(app.throttling_failure_count >= limits.current().factors.app_failures)


def switched_off(customer: User) -> frozenset[Method]:
    """The factors that the customer has, and has to prove, but cannot use: they were guessed at too often."""
    most = limits.current().factors.app_failures
    found = Totp.objects.filter(user=customer, confirmed=True, throttling_failure_count__gte=most)
    return frozenset({Method.TOTP}) if found.exists() else frozenset()


def _is_code(code: str) -> bool:
    return bool(re.fullmatch(r"[0-9]{6}", code, re.ASCII))
