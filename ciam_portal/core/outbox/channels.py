"""The carriers: email and SMS, and their file-writing twins for development and tests, chosen by setting."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from email.message import EmailMessage as Mime
from http import HTTPStatus
from pathlib import Path
from smtplib import SMTP, SMTP_SSL, SMTPDataError, SMTPNotSupportedError, SMTPRecipientsRefused
from socket import socket
from typing import Any, Protocol, cast

import httpx
from django.conf import settings
from django.core import checks
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.message import sanitize_address
from django.utils import translation
from django.utils.module_loading import import_string

from ciam_portal.core.crypto import vault
from ciam_portal.core.outbox import mail
from ciam_portal.core.outbox.mail import Mail
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.outbox.notice import Medium, language_of
from ciam_portal.core.policy import limits

_SMS_SECONDS = httpx.Timeout(20.0, connect=5.0)  # for each step of a request
# Not about the message: our authorization, an address that is wrong, haste, or the same message on its way already.
_ASK_AGAIN = {401, 402, 403, 404, 405, 407, 408, 409, 425, 429}
_PLACES = re.compile(r"\{(?:to|text|key)\}")
# What goes to machines, by its channel: who knows how it is said puts itself here at start. Raises as ``send`` does.
TO_MACHINES: dict[str, Callable[[Notice, dict[str, Any]], None]] = {}
_FOR_GOOD = 500  # of SMTP: from here on the answer will be the same the next time (RFC 5321 4.2.1)


class Undeliverable(Exception):
    """This message is refused, and will be however often it is tried. Says by which code, never to whom it goes."""


class NotNow(Exception):
    """The carrier is there and takes other messages, but not this one now."""


class Unreachable(OSError):
    """The carrier is not there, or is broken: what is true of all messages. Says how."""


def send(notice: Notice) -> None:
    """Render and hand over one message.

    Raises Undeliverable, NotNow, OSError when the carrier cannot be reached, or whatever else its library raises.
    """
    content = json.loads(vault.unseal(notice.sealed, notice.context))
    if notice.channel in TO_MACHINES:
        TO_MACHINES[notice.channel](notice, content)
        return
    with translation.override(content.get("language") or language_of(notice.customer)):
        if notice.channel == Medium.SMS:
            carrier().send(str(notice.pk), content["to"], mail.fill(f"sms/{notice.kind}.txt", content["words"]))
        else:
            _mail(notice, content["to"], mail.compose(notice.kind, content["words"]))


def _mail(notice: Notice, to: str, composed: Mail) -> None:
    message = EmailMultiAlternatives(
        subject=composed.subject,
        body=composed.text,
        to=[to],
        # The same id at every attempt, so that a mailbox can tell a repeated message.
        headers={"Message-ID": f"<{notice.pk}@{settings.MAIL_DOMAIN}>", "Auto-Submitted": "auto-generated"},
        connection=get_connection(),
    )
    message.attach_alternative(composed.html, "text/html")
    with _answers():
        message.send()


@contextmanager
def _answers() -> Iterator[None]:
    """What a mail server says of this one message; the rest of what goes wrong is true of all of them."""
    try:
        yield
    except SMTPRecipientsRefused as refused:
        raise _refusal(min(code for code, _ in refused.recipients.values())) from None
    except SMTPDataError as refused:
        raise _refusal(refused.smtp_code) from None
    except SMTPNotSupportedError:
        raise NotNow("no SMTPUTF8") from None


def _refusal(code: int) -> Exception:
    return Undeliverable(f"SMTP {code}") if code >= _FOR_GOOD else NotNow(f"SMTP {code}")


class _Patient(SMTP):
    """Waits long for the answer to a message. Who hangs up there may send it twice (RFC 5321 4.5.3.2.6)."""

    def data(self, msg: Any) -> tuple[int, bytes]:  # noqa: ANN401  (the library's signature)
        """Hand over the message."""
        sock = cast("socket", self.sock)
        sock.settimeout(limits.current().notices.delivery_seconds)
        try:
            return super().data(msg)
        finally:
            sock.settimeout(settings.EMAIL_TIMEOUT)


class _PatientTls(_Patient, SMTP_SSL):
    """The same, encrypted from the first byte."""


class Smtp(EmailBackend):
    """A mail server, also one that speaks SMTPUTF8 (RFC 6531): Django's own backend cannot write such addresses.

    Delivery to a server that does not speak it after all fails, and is tried again.
    """

    @property
    def connection_class(self) -> type[SMTP]:
        """Django's hook."""
        return _PatientTls if self.use_ssl else _Patient

    def close(self) -> None:
        """Take leave. A message that was taken is taken, also if the server does not say good-bye."""
        with suppress(OSError):
            super().close()

    def _send(self, email_message: Any) -> bool:  # noqa: ANN401  (Django's own signature)
        """One message; what is ASCII goes as ever."""
        to = email_message.recipients()
        if self.connection is None or all(address.isascii() for address in to):
            return bool(super()._send(email_message))  # type: ignore[misc]
        mime = message_from_bytes(email_message.message().as_bytes(), policy=policy.SMTPUTF8)
        mime.replace_header("To", ", ".join(to))
        sender = sanitize_address(email_message.from_email, settings.DEFAULT_CHARSET)
        self.connection.sendmail(sender, to, mime.as_bytes(), mail_options=["SMTPUTF8", "BODY=8BITMIME"])
        return True


class MailFiles(BaseEmailBackend):
    """The twin of a mail server: one ``.eml`` for each message in ``settings.MAIL_DIR``, named after its Message-ID."""

    def send_messages(self, email_messages: Any) -> int:  # noqa: ANN401  (Django's own signature)
        """Write each message; a repeated one overwrites itself."""
        for message in email_messages:
            mime = cast("Mime", message.message())
            name = str(mime["Message-ID"]).strip("<>").split("@")[0]
            _write(Path(settings.MAIL_DIR) / f"{name}.eml", mime.as_bytes())
        return len(email_messages)


class SmsCarrier(Protocol):
    """What an SMS carrier must do."""

    def send(self, key: str, to: str, text: str) -> None:
        """Hand over one text message; ``key`` is the same at every attempt.

        Raises Undeliverable if this number or text is refused for good, NotNow if it is for now, else OSError.
        """


class SmsFiles:
    """The twin of an SMS carrier: one text file for each message in ``settings.SMS_DIR``."""

    def send(self, key: str, to: str, text: str) -> None:
        """Write the message; a repeated one overwrites itself."""
        _write(Path(settings.SMS_DIR) / f"{key}.txt", f"To: {to}\n\n{text}\n".encode())


def _write(path: Path, content: bytes) -> None:
    """In one step, for nobody else to read: codes and links stand in it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.part")
    partial.touch(mode=0o600)
    partial.write_bytes(content)
    partial.rename(path)


class SmsGateway:
    """Any SMS service that takes a JSON object over HTTPS: ``settings.SMS_URL``, ``SMS_AUTHORIZATION``, ``SMS_BODY``.

    A service that knows ``Idempotency-Key`` sends a repeated message once. 4xx refuses this message for good, unless it
    speaks of the portal's own authorization or of haste; 5xx says that the service is broken.
    """

    def send(self, key: str, to: str, text: str) -> None:
        """Hand over the message. What the service answers is read no further than its status."""
        body = _filled(settings.SMS_BODY, {"{to}": to, "{text}": text, "{key}": key})
        headers = {"Authorization": settings.SMS_AUTHORIZATION, "Idempotency-Key": key}
        try:
            with httpx.stream("POST", settings.SMS_URL, json=body, headers=headers, timeout=_SMS_SECONDS) as answer:
                status = answer.status_code
        except httpx.HTTPError as error:
            raise Unreachable(type(error).__name__) from None
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Unreachable(f"HTTP {status}")
        if status in _ASK_AGAIN or HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            raise NotNow(f"HTTP {status}")
        if status >= HTTPStatus.BAD_REQUEST:
            raise Undeliverable(f"HTTP {status}")


def _filled(template: Any, words: dict[str, str]) -> Any:  # noqa: ANN401  (JSON)
    """The same JSON with these words in its texts."""
    match template:
        case str():
            return _PLACES.sub(lambda place: words[place[0]], template)
        case dict():
            return {name: _filled(value, words) for name, value in template.items()}
        case list():
            return [_filled(value, words) for value in template]
    return template


def carrier() -> SmsCarrier:
    """The SMS carrier that the settings name. Raises ImportError if there is no such class."""
    return cast("SmsCarrier", import_string(settings.SMS_CARRIER)())


def has_carrier(**_: Any) -> list[checks.CheckMessage]:  # noqa: ANN401  (Django's arguments)
    """A system check: what goes by text message, if anything does."""
    if settings.SMS_CARRIER:
        return []
    words = "Nobody carries text messages: codes to phones are offered nowhere, and phone numbers hear of no change."
    return [checks.Warning(words, hint="Set SMS_URL to a gateway, or SMS_CARRIER to a class.", id="notifications.W001")]
