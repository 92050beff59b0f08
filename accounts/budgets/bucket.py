"""In whose bucket a request is counted: a browser's own, if the customer whom it names knows it; else its network's.

A browser is the customer's own by a live session, by its device cookie, or because it has shown lately that it reads
the mail of the address. What strangers use up is theirs, so it never keeps such a browser waiting.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest

from accounts.models import Device
from accounts.sessions import device_cookie
from ciam_portal.core import clock, mailbox, network
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy import limits

NETWORK = "network "
_READS = "reads mail"


def of(request: HttpRequest, email: str | None = None) -> str:
    """The bucket of this request, which names this address; None: it names nobody."""
    return own(request, email) or NETWORK + network.bucket(request)


def own(request: HttpRequest, email: str | None) -> str:
    """The browser's own bucket; nothing for a browser that is a stranger's. None: anybody's own."""
    known: dict[str | None, str] = request.__dict__.setdefault("_own_bucket", {})
    email = mailbox.named(email) if email is not None else None
    if email not in known:
        known[email] = _session(request, email) or _device(request, email) or _reader(request, email)
    return known[email]


def _session(request: HttpRequest, email: str | None) -> str:
    session = getattr(request, "portal_session", None)
    return f"session {session.pk}" if session is not None and email in {None, session.customer.email} else ""


def _device(request: HttpRequest, email: str | None) -> str:
    shown = device_cookie.digests(request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""))
    if not shown or email == "":  # (an empty text is nobody's)
        return ""
    at, overlap = clock.now(), timedelta(minutes=limits.current().session.device_overlap_minutes)
    device = next((each.pk for each in devices(request, email) if each.accepts(shown, at, overlap)), None)
    return f"device {device}" if device else ""


def devices(request: HttpRequest, email: str | None) -> tuple[Device, ...]:
    """The live devices, of whom it names or of anybody, whose tokens this request shows; read once."""
    known: dict[str | None, tuple[Device, ...]] = request.__dict__.setdefault("_devices", {})
    if email not in known:
        shown = device_cookie.digests(request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""))
        found = Device.objects.live(clock.now()).with_token(shown) if shown else Device.objects.none()
        known[email] = tuple(found if email is None else found.filter(customer__email=email))
    return known[email]


def _reader(request: HttpRequest, email: str | None) -> str:
    stored = request.session.get(_READS)
    if not stored or clock.now().timestamp() >= stored["until"]:
        return ""
    return f"mailbox {stored['address']}" if email is None or codes.stands_for(stored["address"], email, _READS) else ""


def alone(request: HttpRequest, email: str) -> str:
    """The same, but each browser that reads the mail by itself: what one of them guesses is not the others'."""
    found = own(request, email)
    return f"{found} {request.session[_READS]['browser']}" if found.startswith("mailbox ") else found


def reads_mail(request: HttpRequest, address: str, at: datetime) -> None:
    """This browser has shown just now that it reads the mail of this address, by a link or code that went there.

    It opens nothing. All browsers that have shown it share a bucket of messages, for as long as a link lives.
    """
    if _reader(request, address):
        return
    until = at + timedelta(hours=limits.current().proof.link_hours)
    stored = {"address": codes.pseudonym(address, _READS), "browser": codes.new_token(), "until": until.timestamp()}
    request.session[_READS] = stored
    request.__dict__.pop("_own_bucket", None)
