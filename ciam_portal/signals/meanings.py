"""What is recorded, as partners hear it: in the events of CAEP 1.0 and RISC 1.0. The one table.

What they do not hear of is named in ``tests/signals/test_meanings.py``, so that nothing new is forgotten. A withdrawal
is among it: nobody hears of a customer who takes leave of them, nor what they had still to hear.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from accounts.account import events as account
from accounts.factors import events as factors
from accounts.lock import events as lock
from accounts.proofing import events as proofing
from accounts.proofing.shapes import COUNTS, Found
from accounts.restrictions import events as restrictions
from accounts.restrictions.policy import RestrictionKind
from accounts.sessions import events as sessions
from accounts.sign_in import events as sign_in
from ciam_portal.core.audit.events import AuditEvent
from ciam_portal.core.policy.assurance import Method
from ciam_portal.oauth import verified
from consent.erasure import events as erasure
from consent.permission import events as permission
from recovery.case import events as case
from recovery.desk import events as desk
from recovery.reset import events as reset

_SSF = "https://schemas.openid.net/secevent/ssf/event-type/"
_CAEP = "https://schemas.openid.net/secevent/caep/event-type/"
_RISC = "https://schemas.openid.net/secevent/risc/event-type/"

VERIFICATION = f"{_SSF}verification"
SESSION_REVOKED = f"{_CAEP}session-revoked"
CLAIMS_CHANGED = f"{_CAEP}token-claims-change"
CREDENTIAL_CHANGED = f"{_CAEP}credential-change"
LEVEL_CHANGED = f"{_CAEP}assurance-level-change"
DISABLED = f"{_RISC}account-disabled"
ENABLED = f"{_RISC}account-enabled"
PURGED = f"{_RISC}account-purged"
IDENTIFIER_CHANGED = f"{_RISC}identifier-changed"
IDENTIFIER_RECYCLED = f"{_RISC}identifier-recycled"
RECOVERY_ACTIVATED = f"{_RISC}recovery-activated"

SUPPORTED = (
    SESSION_REVOKED, CLAIMS_CHANGED, CREDENTIAL_CHANGED, LEVEL_CHANGED,
    DISABLED, ENABLED, PURGED, IDENTIFIER_CHANGED, IDENTIFIER_RECYCLED, RECOVERY_ACTIVATED,
)  # fmt: skip

# What the consents of one partner let it see, under the name that tokens say it by.
SCOPE = "scope"


class Of(StrEnum):
    """What an event is about, and with it, who hears of it."""

    ACCOUNT = "account"
    SESSIONS = "sessions"
    """Those that ended just now, or the one that is named: told to partners that took part."""
    EMAIL = "email"
    """The address before; told to partners that may see it."""
    PHONE = "phone"


@dataclass(frozen=True, slots=True)
class Meaning:
    """One event for partners. ``claims``: those that have other values now. ``partner``: whom alone it concerns.

    ``due``: when it will have happened, if nothing else happens.
    """

    type: str
    of: Of = Of.ACCOUNT
    says: dict[str, str] = field(default_factory=dict)
    claims: tuple[str, ...] = ()
    session: UUID | None = None
    partner: UUID | None = None
    due: datetime | None = None

    @property
    def is_caep(self) -> bool:
        """CAEP's events say when, by whom and why; RISC's have no words for that."""
        return self.type.startswith(_CAEP)


_CREDENTIALS = {
    Method.PASSWORD: "password",
    Method.TOTP: "app",
    Method.PASSKEY: "fido2-platform",
    Method.SECURITY_KEY: "fido2-roaming",
}
_LEVELS = {"aal1": "nist-aal1", "aal2": "nist-aal2", "phr": "nist-aal2"}
_CLAIMS = {
    "name": ("name", verified.CLAIM),
    "locale": ("locale",),
    "timezone": ("zoneinfo",),
    "phone": ("phone_number",),
}

Telling = Callable[[Any], Iterable[Meaning]]


def meant(event: AuditEvent) -> tuple[Meaning, ...]:
    """What partners hear of this; nothing, of most."""
    telling = TOLD.get(event.name)
    return tuple(telling(event)) if telling else ()


def _always(*meanings: Meaning) -> Telling:
    return lambda _event: meanings


def _credential(method: Method, change: str) -> list[Meaning]:
    kind = _CREDENTIALS.get(method)
    said = {"credential_type": str(kind), "change_type": change}
    return [Meaning(CREDENTIAL_CHANGED, says=said)] if kind else []


def _suspended(event: restrictions.Restricted) -> list[Meaning]:
    """Nothing is recorded when it ends by itself."""
    ends = min(event.until, event.review_due_at)
    return [Meaning(DISABLED), Meaning(ENABLED, due=ends)] if event.kind == RestrictionKind.SUSPEND.value else []


def _lifted(event: restrictions.RestrictionEnded) -> list[Meaning]:
    return [Meaning(ENABLED)] if event.kind == RestrictionKind.SUSPEND.value else []


def _replaced(event: factors.FactorsReplaced) -> list[Meaning]:
    return [meaning for method in event.dropped for meaning in _credential(method, "delete")]


def _level(event: sign_in.SteppedUp) -> list[Meaning]:
    before, now = _LEVELS.get(event.before or ""), _LEVELS.get(event.acr)
    if before is None or now is None or before == now:
        return []
    direction = "increase" if before < now else "decrease"
    said = {"namespace": "NIST-AAL", "current_level": now, "previous_level": before, "change_direction": direction}
    return [Meaning(LEVEL_CHANGED, Of.SESSIONS, said, session=event.session)]


def _profile(event: account.ProfileChanged) -> list[Meaning]:
    claims = tuple(claim for name in event.fields for claim in _CLAIMS.get(name, ()))
    told = [Meaning(IDENTIFIER_CHANGED, Of.PHONE)] if "phone" in event.fields else []
    return [*told, Meaning(CLAIMS_CHANGED, claims=claims)] if claims else told


def _proven(event: proofing.IdentityProven) -> list[Meaning]:
    """What staff have to look at first is nobody's business."""
    return [_IDENTITY] if event.counts else []


def _removed(event: proofing.EvidenceRemoved) -> list[Meaning]:
    return [_IDENTITY] if event.counted else []


def _settled(event: proofing.TwinSettled) -> list[Meaning]:
    return [_IDENTITY] if Found(event.found) in COUNTS else []


def _undone(event: lock.ChangeUndone) -> list[Meaning]:
    back = {"email": ("email",), "phone": ("phone_number",)}.get(event.kind, ())
    return [Meaning(DISABLED), *([Meaning(CLAIMS_CHANGED, claims=back)] if back else [])]


def _consent(event: permission.ConsentChanged) -> list[Meaning]:
    changed = event.added or event.removed
    return [Meaning(CLAIMS_CHANGED, claims=(SCOPE,), partner=event.partner)] if changed else []


_IDENTITY = Meaning(CLAIMS_CHANGED, claims=(verified.CLAIM,))
_NEW_PASSWORD = _always(*_credential(Method.PASSWORD, "update"))
_HEARD: dict[type[AuditEvent], Telling] = {
    sessions.SessionEnded: lambda event: [Meaning(SESSION_REVOKED, Of.SESSIONS, session=event.session)],
    sessions.SessionsEnded: _always(Meaning(SESSION_REVOKED, Of.SESSIONS)),
    sign_in.SteppedUp: _level,
    account.PasswordChanged: _NEW_PASSWORD,
    reset.PasswordReset: _NEW_PASSWORD,
    case.RecoveryCompleted: _NEW_PASSWORD,
    factors.FactorAdded: lambda event: _credential(event.method, "create"),
    factors.FactorRemoved: lambda event: _credential(event.method, "delete"),
    factors.FactorsReplaced: _replaced,
    account.EmailChanged: _always(
        Meaning(IDENTIFIER_CHANGED, Of.EMAIL), Meaning(CLAIMS_CHANGED, claims=("email", "email_verified"))
    ),
    account.ProfileChanged: _profile,
    proofing.IdentityProven: _proven,
    proofing.TwinSettled: _settled,
    proofing.EvidenceRemoved: _removed,
    permission.ConsentChanged: _consent,
    lock.AccountLocked: _always(Meaning(DISABLED)),
    lock.AccountUnlocked: _always(Meaning(ENABLED)),
    lock.ChangeUndone: _undone,
    restrictions.Restricted: _suspended,
    restrictions.RestrictionEnded: _lifted,
    erasure.DeletionAsked: _always(Meaning(DISABLED)),
    erasure.DeletionKept: _always(Meaning(ENABLED)),
    erasure.ErasureBegan: _always(Meaning(PURGED)),
    account.UnprovenAccountRemoved: _always(Meaning(PURGED)),
    lock.SignUpVoided: _always(Meaning(PURGED)),
    case.RecoveryOpened: _always(Meaning(RECOVERY_ACTIVATED)),
    desk.DeskBegan: _always(Meaning(RECOVERY_ACTIVATED)),
}
# From then on a partner may see an address or number that was another customer's before.
SHOWN_ANEW = (permission.ConsentGiven, permission.ConsentChanged, account.EmailChanged, account.ProfileChanged)
TOLD: dict[str, Telling] = {event.name: telling for event, telling in _HEARD.items()}
