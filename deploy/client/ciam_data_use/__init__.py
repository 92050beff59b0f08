"""Ask the identity portal before you use a customer's data: for what, and which of it.

It needs nothing but Python, holds one access token for as long as that lives, and may be shared by threads. It fails
closed: without an answer nothing may be used, and says so by an exception.
"""

import base64
import functools
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import quote, urlencode, urlsplit

__all__ = ["Answer", "NotPermitted", "Portal", "PortalError", "Refused", "Unavailable"]

P = ParamSpec("P")
R = TypeVar("R")
_AT_ONCE = 10_000
_EARLY = 10  # seconds: a token is not used to its very end
_LARGEST = 2**24  # bytes of an answer


class PortalError(Exception):
    """Nothing may be used."""


class Unavailable(PortalError):
    """The portal gave no answer that can be read. ``retry_after``: seconds to wait, if it said so."""

    def __init__(self, words: str, retry_after: int | None = None) -> None:
        super().__init__(words)
        self.retry_after = retry_after


class Refused(PortalError):
    """The portal does not take the question: ``error`` is its code, such as ``not_registered``."""

    def __init__(self, error: str, words: str) -> None:
        super().__init__(f"{error}: {words}")
        self.error = error


class NotPermitted(PortalError):
    """Not all of it may be used of this customer. ``withheld`` says why not, by category."""

    def __init__(self, subject: str, purpose: str, withheld: Mapping[str, str]) -> None:
        super().__init__(f"{purpose}: {', '.join(f'{name} ({why})' for name, why in sorted(withheld.items()))}")
        self.subject, self.purpose, self.withheld = subject, purpose, withheld


@dataclass(frozen=True, slots=True)
class Answer:
    """What may be used of one customer now, and why the other categories may not."""

    permitted: frozenset[str]
    withheld: Mapping[str, str]


class Portal:
    """The portal at this address, asked by this service. A service with keys says ``token``: who gets it one."""

    def __init__(
        self,
        url: str,
        client_id: str = "",
        client_secret: str = "",
        *,
        token: Callable[[], str] | None = None,
        timeout: float = 10,
    ) -> None:
        at = urlsplit(url)
        if at.scheme != "https" and at.hostname not in {"localhost", "127.0.0.1", "::1"}:
            raise ValueError("The portal is asked over https.")
        self._at, self._timeout, self._get_token = at, timeout, token
        pair = f"{quote(client_id, safe='')}:{quote(client_secret, safe='')}"
        self._basic = f"Basic {base64.b64encode(pair.encode()).decode()}"
        self._lock, self._token, self._ends = threading.Lock(), "", 0.0

    def ask(self, purpose: str, categories: Iterable[str], subjects: Iterable[str]) -> dict[str, Answer]:
        """What may be used for this purpose, of each of these customers. Raises Refused or Unavailable."""
        wanted, whose, found = sorted(set(categories)), list(dict.fromkeys(subjects)), dict[str, Answer]()
        for first in range(0, len(whose), _AT_ONCE):
            some = whose[first : first + _AT_ONCE]
            found |= self._ask({"purpose": purpose, "categories": wanted, "subjects": some})
        return found

    def uses(
        self, purpose: str, *categories: str
    ) -> Callable[[Callable[Concatenate[str, P], R]], Callable[Concatenate[str, P], R]]:
        """For a function that uses these data of the customer who is its first argument.

        It asks at each call; the function runs only if all of them may be used. Raises NotPermitted, Refused or
        Unavailable.
        """

        def decorate(function: Callable[Concatenate[str, P], R]) -> Callable[Concatenate[str, P], R]:
            @functools.wraps(function)
            def run(subject: str, /, *args: P.args, **kwargs: P.kwargs) -> R:
                answer = self.ask(purpose, categories, [subject])[subject]
                if not answer.permitted >= set(categories):
                    raise NotPermitted(subject, purpose, answer.withheld)
                return function(subject, *args, **kwargs)

            return run

        return decorate

    def _ask(self, question: dict[str, Any]) -> dict[str, Answer]:
        body = json.dumps(question).encode()
        status, said, wait = self._post("/api/data-use", body, "application/json", f"Bearer {self._bearer()}")
        if status == HTTPStatus.UNAUTHORIZED and self._get_token is None:  # it was ended before its time
            self._ends = 0.0
            status, said, wait = self._post("/api/data-use", body, "application/json", f"Bearer {self._bearer()}")
        _check(status, said, wait)
        return _answers(question, said)

    def _bearer(self) -> str:
        if self._get_token is not None:
            return self._get_token()
        with self._lock:
            if time.monotonic() >= self._ends:
                form = urlencode({"grant_type": "client_credentials", "scope": "data.use"}).encode()
                began = time.monotonic()
                kind = "application/x-www-form-urlencoded"
                status, said, wait = self._post("/oauth/token/", form, kind, self._basic)
                _check(status, said, wait)
                try:
                    self._token, self._ends = str(said["access_token"]), began + float(said["expires_in"]) - _EARLY
                except (KeyError, TypeError, ValueError):
                    raise Unavailable("The portal's answer holds no token.") from None
            return self._token

    def _post(self, path: str, body: bytes, kind: str, authorization: str) -> tuple[int, dict[str, Any], int | None]:
        """No redirect is followed: what is sent is for the portal alone."""
        connect = http.client.HTTPSConnection if self._at.scheme == "https" else http.client.HTTPConnection
        connection = connect(str(self._at.hostname), self._at.port, timeout=self._timeout)
        headers = {"Content-Type": kind, "Authorization": authorization, "Accept": "application/json"}
        try:
            connection.request("POST", self._at.path.rstrip("/") + path, body, headers)
            response = connection.getresponse()
            said, wait = json.loads(response.read(_LARGEST)), response.getheader("Retry-After", "")
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unavailable(f"The portal did not answer: {type(error).__name__}.") from error
        finally:
            connection.close()
        return response.status, said if isinstance(said, dict) else {}, int(wait) if wait.isdecimal() else None


def _check(status: int, said: dict[str, Any], wait: int | None) -> None:
    if status == HTTPStatus.OK:
        return
    error, words = str(said.get("error", status)), str(said.get("error_description", ""))
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Unavailable(f"{error}: {words}", wait)
    raise Refused(error, words)


def _answers(question: dict[str, Any], said: dict[str, Any]) -> dict[str, Answer]:
    """Of exactly whom and what was asked; anything else is no answer."""
    try:
        found = {
            name: Answer(frozenset(one["permitted"]), dict(one["withheld"])) for name, one in said["subjects"].items()
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        found = {}
    wanted = set(question["categories"])
    is_whole = found.keys() == set(question["subjects"]) and said.get("purpose") == question["purpose"]
    if not is_whole or any(sorted([*one.permitted, *one.withheld]) != sorted(wanted) for one in found.values()):
        raise Unavailable("The portal's answer is not one to this question.")
    return found
