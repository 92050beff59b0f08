"""What may be added, removed and used to prove: the questions about second factors."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from ciam_portal.core.gate import within as is_within
from ciam_portal.core.policy.assurance import MORE_THAN_A_PASSWORD, SECOND_FACTORS, Assurance, Level, Method, level_of
from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase


class Reason(ReasonBase):
    """Why not (yet). ``words`` is what the customer reads."""

    ONE_APP = "one_app", "You already use an authenticator app. Remove it first, then add the new one."
    TOO_MANY_PASSKEYS = "too_many_passkeys", "You have as many passkeys as an account can have. Remove one first."
    KNOWN_PASSKEY = "known_passkey", "This passkey is already registered. Please use another device or key."
    NEEDS_A_FACTOR = "needs_a_factor", "Backup codes stand in for a passkey or an app. Add one of those first."
    TOO_MANY_TRIES = "too_many_tries", "There were too many tries from your network."
    WRONG_NEW_CODE = (
        "wrong_new_code",
        "Your new sign-in method was not added, so nothing was changed. Please try again.",
    )
    NOT_THERE = "not_there", "This is no longer part of your account. Nothing was changed."


STRONG = frozenset({Method.TOTP, Method.PASSKEY, Method.SECURITY_KEY})
_PREFERENCE = (Method.PASSKEY, Method.TOTP, Method.BACKUP_CODE, Method.PASSWORD, Method.EMAIL_CODE)


@dataclass(frozen=True, slots=True)
class FactorFacts:
    """What the account has already. Read under lock."""

    has_app: bool
    passkeys: int


def highest(held: Iterable[Method], *, has_password: bool) -> Level:
    """The most that an account with these factors can prove. Backup codes alone add nothing: they stand in for one."""
    factors = frozenset(held)
    if not factors & STRONG:
        return Level.AAL1
    known = (Method.PASSWORD,) if has_password else ()
    return max(Level.AAL1, level_of((*known, *factors)))


@question("factors.may_add_app")
def may_add_app(facts: FactorFacts, *, limits: Limits, at: datetime) -> Decision:
    """One authenticator app for each customer."""
    return Deny(Reason.ONE_APP) if facts.has_app else Allow()


@question("factors.may_add_passkey")
def may_add_passkey(facts: FactorFacts, *, limits: Limits, at: datetime) -> Decision:
    """Several passkeys are welcome, endless ones are not."""
    return Deny(Reason.TOO_MANY_PASSKEYS) if facts.passkeys >= limits.factors.passkeys else Allow()


@question("factors.may_make_backup_codes")
def may_make_backup_codes(facts: FactorFacts, *, limits: Limits, at: datetime) -> Decision:
    """Backup codes stand in for a factor, so there must be one."""
    return Allow() if facts.has_app or facts.passkeys else Deny(Reason.NEEDS_A_FACTOR)


def raised(assurance: Assurance, methods: Iterable[Method], method: Method, at: datetime) -> Assurance:
    """What a session that proved ``methods`` has proven once it proves ``method`` at ``at``.

    A level is renewed only by a method that belongs to it: a password never makes an old second factor fresh, and a
    code by mail renews nothing. Nothing sinks.
    """
    reached = level_of((*methods, method))
    if method is Method.EMAIL_CODE:
        return assurance
    if method is Method.PASSWORD and reached > max(assurance.level, Level.AAL1):
        return replace(assurance, level=reached)
    if reached > assurance.level or assurance.level == reached <= level_of((Method.PASSWORD, method)):
        return Assurance(reached, at)
    return assurance


@dataclass(frozen=True, slots=True)
class Proven:
    """What a session has proven so far; ``challenged_at``: its latest proof of more than a password."""

    assurance: Assurance
    methods: tuple[Method, ...]
    challenged_at: datetime | None = None

    def then(self, method: Method, at: datetime) -> "Proven":
        """The same once it has proven ``method`` too."""
        return Proven(
            raised(self.assurance, self.methods, method, at),
            (*self.methods, method),
            at if method in MORE_THAN_A_PASSWORD else self.challenged_at,
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a session is asked for: a level, how fresh in seconds (None: ever), and more than a password as freshly."""

    to: Level
    within: int | None = None
    challenge: bool = False

    def is_met(self, shown: Proven, at: datetime) -> bool:
        """Nothing more to prove."""
        if self.challenge and not is_within(shown.challenged_at, self.within, at):
            return False
        return shown.assurance.meets(self.to, self.within, at)


def ways_to_prove(
    held: frozenset[Method], shown: Proven, wanted: Wanted, at: datetime, *, off: frozenset[Method] = frozenset()
) -> tuple[Method, ...]:
    """The methods, best first, by which this session gets what is wanted; ``off``: held, but of no use at the moment.

    A code by mail is offered only to customers without any second factor, and only against a challenge: a mailbox never
    stands in for a factor, and makes no password fresh. Where it takes two methods (the password is stale, or the
    session began with a passkey which is gone since), the password comes first, and what completes it next.
    """
    second = held & SECOND_FACTORS
    offered = {Method.PASSWORD} | (second - off if second else {Method.EMAIL_CODE} if wanted.challenge else set())
    ways = _completing(offered, shown, wanted, at)
    if ways:
        return ways
    return (Method.PASSWORD,) if _completing(offered, shown.then(Method.PASSWORD, at), wanted, at) else ()


def _completing(offered: Iterable[Method], shown: Proven, wanted: Wanted, at: datetime) -> tuple[Method, ...]:
    able = {method for method in offered if wanted.is_met(shown.then(method, at), at)}
    return tuple(method for method in _PREFERENCE if method in able)


def ways_to_finish(
    held: frozenset[Method],
    proven: tuple[Method, ...],
    to: Level,
    *,
    challenge: bool = False,
    off: frozenset[Method] = frozenset(),
) -> tuple[Method, ...]:
    """The methods, best first, that complete a sign-in which has proven ``proven`` so far.

    A challenge of a customer without any second factor is passed by a code sent to the proven address.
    """
    second = held & SECOND_FACTORS
    if challenge and not second:
        return (Method.EMAIL_CODE,)
    return tuple(method for method in _PREFERENCE if method in second - off and level_of((*proven, method)) >= to)


def left_of(methods: Iterable[Method], gone: Iterable[Method]) -> tuple[tuple[Method, ...], Level]:
    """What a signed-in session still shows once its customer no longer has the factors ``gone``."""
    lost = frozenset(gone)
    remaining = tuple(method for method in methods if method not in lost)
    return remaining, max(Level.AAL1, level_of(remaining))
