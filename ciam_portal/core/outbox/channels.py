"""The carriers: email and SMS, and their file-writing twins for development and tests, chosen by setting."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from email.message import EmailMessage as Mime
from pathlib import Path
from smtplib import SMTP, SMTP_SSL, SMTPDataError, SMTPNotSupportedError, SMTPRecipientsRefused
from socket import socket
from typing import Any, Protocol, cast

from django.conf import settings
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

_FOR_GOOD = 500  # of SMTP: from here on the answer will be the same the next time (RFC 5321 4.2.1)


class Undeliverable(Exception):
    """This message is refused, and will be however often it is tried. Says by which code, never to whom it goes."""


class NotNow(Exception):
    """The carrier is there and takes other messages, but not this one now."""


def send(notice: Notice) -> None:
    """Render and hand over one message.

    Raises Undeliverable, NotNow, OSError when the carrier cannot be reached, or whatever else its library raises.
    """
    content = json.loads(vault.unseal(notice.sealed, notice.context))
    with translation.override(language_of(notice.customer)):
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
        folder = Path(settings.MAIL_DIR)
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            mime = cast("Mime", message.message())
            name = str(mime["Message-ID"]).strip("<>").split("@")[0]
            partial = folder / f".{name}.part"
            partial.write_bytes(mime.as_bytes())
            partial.rename(folder / f"{name}.eml")
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
        folder = Path(settings.SMS_DIR)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{key}.txt").write_text(f"To: {to}\n\n{text}\n", encoding="utf-8")


def carrier() -> SmsCarrier:
    """The SMS carrier that the settings name."""
    return cast("SmsCarrier", import_string(settings.SMS_CARRIER)())
