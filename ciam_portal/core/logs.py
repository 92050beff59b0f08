"""Log lines: each carries the id of the request being served, and none the secret of a mailed link."""

import logging
import logging.config
import re
from http import HTTPStatus
from typing import Any

from ciam_portal.core import reference, request_id

_hidden: dict[str, re.Pattern[str]] = {}
_LONG = re.compile(
    r"(/)[^/\s]{40,}\S*"
)  # of a path that was torn or mistyped before its secret; no path of ours has it


def hide_behind(path: str) -> None:
    """From now on no line says what stands behind this path, whole, torn or with more at its end.

    However the path is written: a server logs it as it was sent, with letters percent-encoded once or more.
    """
    written = "".join(
        rf"(?:{re.escape(letter)}|%(?:25)*(?:{ord(letter):02x}|{ord(letter.upper()):02x}))" for letter in f"/{path}"
    )
    _hidden[path] = re.compile(rf"({written})(?!\s*$|\s+HTTP/\S+).+", re.IGNORECASE | re.DOTALL)


def configure(config: dict[str, Any]) -> None:
    """``settings.LOGGING_CONFIG``: every record of this process, the server's too, is a Line."""
    logging.setLogRecordFactory(Line)
    logging.config.dictConfig(config)


class NoTraceback(logging.Filter):
    """What was answered with less than 500 is no fault of ours: one line, without a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always lets the record pass."""
        if getattr(record, "status_code", HTTPStatus.INTERNAL_SERVER_ERROR) < HTTPStatus.INTERNAL_SERVER_ERROR:
            record.exc_info = record.exc_text = None
        return True


class Line(logging.LogRecord):
    """One log line."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  (as its base)
        super().__init__(*args, **kwargs)
        self.request_id = request_id.current.get()
        self.reference = reference.of_request(self.request_id)

    def getMessage(self) -> str:  # noqa: N802  (as its base)
        """The text without secrets of links."""
        text = super().getMessage()
        for secret in (*_hidden.values(), _LONG):
            text = secret.sub(r"\1…", text)
        return text
