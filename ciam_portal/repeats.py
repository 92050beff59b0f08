"""An answer of a moment ago, given again to the very same request, as long as all rows it rests on are the same.

Whoever serves an app asks about the same token several times in a second. What was decided a moment ago is decided the
same again, unless something has changed; and whether it has is asked of the database each time, by one statement that
finds the rows that were read then and says which versions of them stand now. So what was ended is ended at once. What
ends by time alone, or by a policy that was approved elsewhere, may be answered for ``SECONDS`` longer.

What must be new each time is: a token that is asked for is made anew, and a proof of a key is checked each time.
"""

import hashlib
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic
from typing import Any

from django.db import DatabaseError, connection

from ciam_portal.core import clock, request_id
from ciam_portal.core.away import AWAY
from ciam_portal.core.crypto import codes
from ciam_portal.core.grounds import Grounds, noting
from ciam_portal.core.policy import limits
from ciam_portal.core.postgres import prepared

Wsgi = Callable[[dict[str, Any], Any], Iterable[bytes]]

SECONDS = 1.0
_LONGEST = 8192  # of a form
_MOST = 10_000
_TOGETHER = 10 * SECONDS  # so often everything is forgotten: nearly all of it is over
_OK = ("200 ", "204 ")
_ID = "X-Request-ID"
_PROOF = "HTTP_DPOP"
# Other for each request, and nothing rests on them; but a proof, which is asked about each time.
_OTHER = frozenset({"HTTP_X_REQUEST_ID", "HTTP_TRACEPARENT", "HTTP_TRACESTATE", _PROOF})


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, on which grounds, by which policy; until when on the monotonic clock.

    ``asked``: what finds of all rows that were read what was found then, ``found``.
    """

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    grounds: Grounds
    asked: prepared.Part
    found: tuple[Any, ...]
    policy: str
    until: float

    def stands(self, environ: dict[str, Any]) -> bool:
        """Whether all it rests on is as it was, and this request may have it. Raises DatabaseError or RedisError."""
        return (
            self.policy == limits.current().version
            and prepared.row(self.asked) == self.found
            and all(ask(environ) for ask in self.grounds.asks)
        )


class Repeating:
    """In front of an application that answers machines. Who asks once in a while is answered by it alone."""

    def __init__(self, application: Wsgi) -> None:
        self._application = application
        self._known: dict[bytes, Answer | float] = {}
        self._forgets_at = 0.0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401  (WSGI's)
        """Answer it."""
        key, now = _key(environ), monotonic()
        found = self._known.get(key, 0.0) if key else 0.0
        if isinstance(found, Answer):
            if now < found.until and (body := self._given(found, environ, start_response)) is not None:
                return [body]
            found = found.until
        if not key or now >= found:
            self._keep(key, now + SECONDS)
            return self._application(environ, start_response)
        return self._noted(key, environ, start_response, now + SECONDS)

    def _given(self, answer: Answer, environ: dict[str, Any], start_response: Any) -> bytes | None:  # noqa: ANN401  (WSGI's)
        name = codes.new_id().hex
        token = request_id.current.set(name)
        try:
            connection.close_if_unusable_or_obsolete()
            with limits.unit_of_work():
                if not answer.stands(environ):
                    return None
                at, grounds = clock.now(), answer.grounds
                for use in grounds.uses:
                    use(at)
                body = grounds.made(at) if grounds.made else answer.body
        except (*AWAY, DatabaseError):
            return None  # the application says what is wrong
        finally:
            request_id.current.reset(token)
        start_response(answer.status, [*answer.headers, (_ID, name)])
        return body

    def _noted(self, key: bytes, environ: dict[str, Any], start_response: Any, until: float) -> Iterable[bytes]:  # noqa: ANN401  (WSGI's)
        grounds, said = Grounds(), list[Any]()

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:  # noqa: ANN401  (WSGI's)
            said[:] = status, headers
            return start_response(status, headers, *more)

        token = noting.set(grounds)
        try:
            with connection.execute_wrapper(grounds.counted), limits.unit_of_work():
                answered = self._application(environ, start)
                policy = limits.current().version
        finally:
            noting.reset(token)
        if grounds.are_known and said[0].startswith(_OK):
            headers = tuple(header for header in said[1] if header[0] != _ID)
            body = b"" if grounds.made else b"".join(answered)
            asked = prepared.together([read[:2] for read in grounds.reads])
            found = tuple(versions for *_, versions in grounds.reads)
            self._keep(key, Answer(said[0], headers, body, grounds, asked, found, policy, until))
        return answered

    def _keep(self, key: bytes, known: Answer | float) -> None:
        now = monotonic()
        if now >= self._forgets_at or len(self._known) >= _MOST:
            self._known.clear()
            self._forgets_at = now + _TOGETHER
        if key:
            self._known[key] = known


def _key(environ: dict[str, Any]) -> bytes:
    """What makes a request the very same; empty for one that is never repeated."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if "HTTP_TRANSFER_ENCODING" in environ or not length.isdecimal() or int(length) > _LONGEST:
        return b""
    body = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = io.BytesIO(body)
    headers = sorted(
        (name, value) for name, value in environ.items() if name.startswith("HTTP_") and name not in _OTHER
    )
    where = [
        environ.get(name, "") for name in ("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING", "CONTENT_TYPE", "REMOTE_ADDR")
    ]
    return hashlib.sha256(repr((where, headers, _PROOF in environ, body)).encode()).digest()
