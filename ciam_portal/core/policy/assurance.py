"""How sure we are who this is: levels (NIST SP 800-63B-4), the methods that reach them, and how fresh they are."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum


class Level(IntEnum):
    """Authenticator assurance, ordered. PHR is AAL2 reached with a phishing-resistant authenticator."""

    NONE = 0
    AAL1 = 1
    AAL2 = 2
    PHR = 3

    @property
    def acr(self) -> str:
        """The value partners see (OpenID Connect ``acr``): "aal1", "aal2", or "phr" (OpenID EAP ACR Values)."""
        return self.name.lower()


ACR_VALUES = tuple(level.acr for level in Level if level is not Level.NONE)


class Method(StrEnum):
    """One way of proving, as a customer used it."""

    PASSWORD = "password"  # noqa: S105  (a name, not a secret)
    TOTP = "totp"
    BACKUP_CODE = "backup_code"
    PASSKEY = "passkey"  # a passkey that checked PIN or biometrics: two factors in one
    SECURITY_KEY = "security_key"  # a passkey that only checked presence: possession alone
    EMAIL_CODE = "email_code"  # shows control of a mailbox; never a factor (NIST SP 800-63B-4 section 3.1.3.1)
    UPSTREAM = "upstream"  # signed in at somebody else's service, which counts like a password
    UPSTREAM_MFA = "upstream_mfa"  # the same, with a second step there, where the operator says that this counts
    UPSTREAM_PHR = "upstream_phr"  # the same, with one that cannot be phished


SECOND_FACTORS = frozenset({Method.TOTP, Method.BACKUP_CODE, Method.PASSKEY, Method.SECURITY_KEY})
UPSTREAMS = frozenset({Method.UPSTREAM, Method.UPSTREAM_MFA, Method.UPSTREAM_PHR})
# What passes a challenge: possession of a factor, or of a mailbox. The latter reaches and renews no level.
MORE_THAN_A_PASSWORD = SECOND_FACTORS | {Method.EMAIL_CODE, Method.UPSTREAM_MFA, Method.UPSTREAM_PHR}
_AMR = {  # RFC 8176
    Method.PASSWORD: ("pwd",),
    Method.TOTP: ("otp",),
    Method.BACKUP_CODE: ("otp",),
    Method.PASSKEY: ("pop", "user"),
    Method.SECURITY_KEY: ("pop",),
    Method.EMAIL_CODE: ("email",),
    Method.UPSTREAM: ("fed",),
    Method.UPSTREAM_MFA: ("fed",),
    Method.UPSTREAM_PHR: ("fed",),
}


def level_of(methods: Iterable[Method]) -> Level:
    """The assurance that these methods reach together. Nothing, or nothing known, reaches nothing."""
    used = frozenset(methods)
    first = used & {Method.PASSWORD, *UPSTREAMS}
    if used & {Method.PASSKEY, Method.UPSTREAM_PHR} or {Method.PASSWORD, Method.SECURITY_KEY} <= used:
        return Level.PHR
    if Method.UPSTREAM_MFA in used or (first and used & SECOND_FACTORS):
        return Level.AAL2
    if first or Method.SECURITY_KEY in used:
        return Level.AAL1
    return Level.NONE


def amr_of(methods: Iterable[Method]) -> tuple[str, ...]:
    """The Authentication Method Reference values (RFC 8176) that say truthfully what was done, sorted."""
    used = frozenset(methods)
    values = {value for method in used for value in _AMR[method]}
    if level_of(used) >= Level.AAL2:
        values.add("mfa")
    return tuple(sorted(values))


@dataclass(frozen=True, slots=True)
class Assurance:
    """What a session has proven: the level, and when the latest proof of that level was given."""

    level: Level = Level.NONE
    at: datetime | None = None

    def meets(self, level: Level, within: int | None, now: datetime) -> bool:
        """Whether this is at least ``level`` and, if ``within`` is given, not older than so many seconds."""
        if self.level < level:
            return False
        if within is None:
            return True
        return self.at is not None and timedelta(0) <= now - self.at < timedelta(seconds=within)
