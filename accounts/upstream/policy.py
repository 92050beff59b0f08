"""What another service's word is worth here, who may link a sign-in with one, and who may take it off again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from ciam_portal.core.policy.reason import ReasonBase


class Reason(ReasonBase):
    """Why not (yet). ``words`` is what the customer reads."""

    TAKEN = "taken", "That sign-in is linked to another account already. Nothing was changed."
    ONE_OF_EACH = "one_of_each", "Your account is linked with this service already. Unlink that first."
    STAFF_ACCOUNT = "staff_account", "People who work for us sign in with a password or a passkey only."
    NOT_FRESH = "not_fresh", "The other service did not ask you who you are just now. Please sign in there again."
    LAST_WAY_IN = "last_way_in", "Nothing else lets you in. Set a password or add a passkey first."
    NOT_LINKED = "not_linked", "This is no longer part of your account. Nothing was changed."
    PAUSED = "paused", "Access to your account was restored since. Sign in with your password, then link this again."
    TOO_MANY_TRIES = "too_many_tries", "There were too many tries from your network."


@dataclass(frozen=True, slots=True)
class Worth:
    """What the operator says of a service's words on how somebody signed in."""

    second_step: tuple[str, ...] = ()
    phishing_resistant: tuple[str, ...] = ()
    fresh_seconds: int = 0


def method_of(said: Iterable[str], authenticated_for: int | None, worth: Worth) -> Method:
    """How a sign-in there counts here. ``authenticated_for``: seconds since somebody signed in there, if it says so.

    What is not known, not configured or not fresh counts as one step.
    """
    if authenticated_for is None or not authenticated_for < worth.fresh_seconds:
        return Method.UPSTREAM
    values = frozenset(said)
    if values & frozenset(worth.phishing_resistant):
        return Method.UPSTREAM_PHR
    return Method.UPSTREAM_MFA if values & frozenset(worth.second_step) else Method.UPSTREAM


def vouches(*, verified: bool, domain: str, domains: Iterable[str]) -> bool:
    """Whether its word about an address is enough. Everybody else's address we ask about by our own mail."""
    return verified and domain in frozenset(domains)


@dataclass(frozen=True, slots=True)
class LinkFacts:
    """Somebody who is signed in has just come back from a service. Read under lock.

    ``elsewhere``: who came back is linked to another account. ``fresh``: None where it does not say.
    """

    is_staff: bool
    elsewhere: bool
    has_one: bool
    fresh: bool | None


@question("upstream.may_link")
def may_link(facts: LinkFacts, *, limits: Limits, at: datetime) -> Decision:
    """One sign-in of each service for a customer, and one account for each sign-in."""
    if facts.is_staff:
        return Deny(Reason.STAFF_ACCOUNT)
    if facts.elsewhere:
        return Deny(Reason.TAKEN)
    if facts.has_one:
        return Deny(Reason.ONE_OF_EACH)
    return Deny(Reason.NOT_FRESH) if facts.fresh is False else Allow()


@dataclass(frozen=True, slots=True)
class AgainFacts:
    """Somebody who is signed in has come back from a service to show once more that it is them."""

    is_linked: bool
    is_fresh: bool


@question("upstream.may_show_again")
def may_show_again(facts: AgainFacts, *, limits: Limits, at: datetime) -> Decision:
    """Only a sign-in there that says it was made for this."""
    if not facts.is_linked:
        return Deny(Reason.NOT_LINKED)
    return Allow() if facts.is_fresh else Deny(Reason.NOT_FRESH)


@dataclass(frozen=True, slots=True)
class UnlinkFacts:
    """What else lets this customer in. Read under lock."""

    is_linked: bool
    has_password: bool
    passkeys: int
    other_links: int


@question("upstream.may_unlink")
def may_unlink(facts: UnlinkFacts, *, limits: Limits, at: datetime) -> Decision:
    """Never the last way in."""
    if not facts.is_linked:
        return Deny(Reason.NOT_LINKED)
    return Allow() if facts.has_password or facts.passkeys or facts.other_links else Deny(Reason.LAST_WAY_IN)
