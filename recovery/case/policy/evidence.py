"""What a customer who cannot sign in can still show, and what that is enough for (NIST SP 800-63B-4 section 4.2.2).

An account without a second factor is restored by one code. An account with one needs two codes obtained by different
methods, or one code and a factor that is still bound. The methods are three: a code that was saved, a code that we
issue, and a code that a recovery contact passes on. A code by mail and one by text message are both issued by us, so
they count as one method: whoever has taken over a phone often reads its mail too.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from ciam_portal.core.policy.assurance import Level
from ciam_portal.core.policy.limits import Limits


class Way(StrEnum):
    """How something was shown."""

    MAIL = "mail"  # a code to a proven mail address
    SMS = "sms"  # a code to a proven phone number
    SAVED = "saved"  # a code that the customer had kept: a backup code
    CONTACT = "contact"  # a code that a trusted person passed on
    APP = "app"  # the authenticator app, still in hand
    PASSKEY = "passkey"  # a passkey or security key, still in hand
    PASSWORD = "password"  # noqa: S105  (a name, not a secret); known, but proves no factor
    CALLED_BACK = "called_back"  # staff called a number on file and heard what they should
    READ_BACK = "read_back"  # the caller read a code from a proven channel back to staff
    IN_SESSION = "in_session"  # the caller answered in a session that was signed in already
    DOCUMENT = "document"  # an identity document, seen by two agents: one asks, another checks


CODES = frozenset({Way.MAIL, Way.SMS, Way.SAVED, Way.CONTACT})
FACTORS = frozenset({Way.APP, Way.PASSKEY})
ISSUED = frozenset({Way.MAIL, Way.SMS})
"""Codes that we issue to an address of the customer's: one method, by whatever channel they travel."""
DESK = {Way.CALLED_BACK: 3, Way.READ_BACK: 2, Way.IN_SESSION: 3, Way.DOCUMENT: 3}
"""What staff may note, and how much each weighs."""
ALONE = frozenset({Way.CALLED_BACK})
"""What an agent notes and nobody can check. A code takes its channel, an answer the customer, a document two agents."""


class Strength(IntEnum):
    """How good evidence is, ordered."""

    NONE = 0
    WEAK = 1  # one code, for an account that rests on nothing more
    TWO_CODES = 2
    CODE_AND_FACTOR = 3


@dataclass(frozen=True, slots=True)
class Needed:
    """What has to be restored: ``factors`` when the account has second factors and one of them is lost.

    ``factors_count`` is False when one was put back that somebody had removed: nobody knows in whose hands it is.
    """

    factors: bool
    factors_count: bool = True


def method(way: Way) -> Way:
    """By which method a code was obtained, named by one way of it (section 4.2.2.2); anything else is its own."""
    return Way.MAIL if way in ISSUED else way


def strength(shown: Iterable[Way], needed: Needed) -> Strength:
    """How good what was shown is, for what has to be restored. A method counts once, however often it was used."""
    ways = frozenset(shown)
    codes = frozenset(method(way) for way in ways & CODES)
    if codes and needed.factors_count and ways & FACTORS:
        return Strength.CODE_AND_FACTOR
    if len(codes) > 1:
        return Strength.TWO_CODES
    if codes and not needed.factors:
        return Strength.WEAK
    return Strength.NONE


class Vouched(IntEnum):
    """What the help desk may do with what it has noted, ordered."""

    NOT_YET = 0
    SLOWLY = 1  # with the longest wait, and two who approve
    ENOUGH = 2


def weight(shown: Iterable[Way]) -> int:
    """What staff have noted, added up; a way counts once."""
    return sum(DESK.get(way, 0) for way in frozenset(shown))


def weight_apart(shown: Iterable[Way]) -> int:
    """The same without what an agent has noted alone: what stands whoever of them is bribed."""
    return weight(frozenset(shown) - ALONE)


def vouched(shown: Iterable[Way], *, limits: Limits) -> Vouched:
    """How far what staff have noted leads. What an agent notes alone shortens the way, and never completes it.

    So whoever reads one address of theirs and has a document gets back in, however little else there is.
    """
    ways = frozenset(shown)
    if weight_apart(ways) < limits.recovery.desk_weight_apart:
        return Vouched.NOT_YET
    return Vouched.ENOUGH if weight(ways) >= limits.recovery.desk_weight else Vouched.SLOWLY


def can_answer(left: Level, lost: Level) -> bool:
    """Whether an answer in a session counts: it is shown by no weaker a proof than what is said to be lost.

    A session and a password can be stolen together, and for such a thief everything else is "lost".
    """
    return left >= max(lost, Level.AAL2)
