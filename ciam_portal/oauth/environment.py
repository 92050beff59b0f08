"""Sandbox and production are never mixed: a partner is of one of them for good, and so is everything it may do.

In the sandbox an app runs on hosts for trials, its owner alone signs in to it, and it asks for what says who that is.
In production it runs on no such host. A secret of one is none of the other: each is another partner.
"""

import re
from enum import StrEnum
from urllib.parse import urlsplit

_TRIAL = frozenset({"localhost", "test", "sandbox", "staging", "dev"})  # labels of a host's name
_HERE = frozenset({"127.0.0.1", "::1"})
_LOOPBACK = re.compile(r"(?P<host>http://(127\.0\.0\.1|\[::1\]))(:[0-9]{1,5})?(?P<rest>/[!-~]*)")


class Environment(StrEnum):
    """Which of the two."""

    SANDBOX = "sandbox"
    PRODUCTION = "production"


SCOPES = frozenset({"openid", "profile", "email", "offline_access"})
"""What a sandbox partner may ask for."""


def is_for_trials(uri: str) -> bool:
    """Whether this address is on this machine, or on a host whose name says that it is for trials.

    A scheme of an app's own says it as a host does, turned round (com.example.app.test:/…).
    """
    parts = urlsplit(uri)
    host = (parts.hostname or parts.scheme).lower()
    return host in _HERE or not _TRIAL.isdisjoint(host.split("."))


def without_port(uri: str) -> str | None:
    """The address, if it is one of the device's own (127.0.0.1 or [::1]), without the port; None for any other."""
    found = _LOOPBACK.fullmatch(uri)
    return f"{found['host']}{found['rest']}" if found else None
