"""How many messages may be asked for: by purpose, by whom and from where. What strangers use up is theirs alone."""

from enum import StrEnum
from uuid import UUID

from accounts.account.policy import Reason
from accounts.budgets import bucket, counter, outbound
from accounts.models import User
from ciam_portal.core import clock, mailbox
from ciam_portal.core.crypto import codes
from ciam_portal.core.errors import TooMany
from ciam_portal.core.outbox.notice import Asked
from ciam_portal.core.policy import limits

_HOUR = 3600


class MailFor(StrEnum):
    """For what a message is asked. Each is counted apart: what strangers ask for uses up nothing of an owner's."""

    # By anybody who types an address: counted by that address, whether or not there is an account.
    SIGN_UP = "sign_up"
    CONFIRM = "confirm"
    RESET = "reset"
    RECOVER = "recover"
    # After a right password, or in a live session: counted by the browser, the attempt or the session it is asked in.
    SIGN_IN = "sign_in"
    STEP_UP = "step_up"
    # By the help desk, for a caller: counted by the case.
    READ_BACK = "read_back"
    # In a live session, but to an address that is nobody's yet: counted by the customer and that address.
    NEW_ADDRESS = "new_address"


def by(asked: MailFor, who: str, *, stranger: bool | None = None) -> Asked:
    """What is said of a message to the outbox, which counts it when it goes: for what, and which bucket asked.

    ``stranger``: whether that is somebody whom we do not know; None: if it is a network's.
    """
    is_unknown = who.startswith(bucket.NETWORK) if stranger is None else stranger
    return Asked(asked.value, codes.pseudonym(who, "outbound source"), is_unknown)


def within_budget(asked: MailFor, who: str) -> bool:
    """Whether one more message may be sent for this, by ``who`` it is counted. Counts it; for strangers' too."""
    return counter.spend(f"mail:{asked}", who, limit=limits.current().proof.mails_per_address_per_hour, seconds=_HOUR)


def take(asked: MailFor, who: str, *, reason: Reason = Reason.MAILED_ALREADY) -> None:
    """Count one more message. Raises TooMany, with the true time to wait, if there were too many already."""
    if not within_budget(asked, who):
        raise TooMany(reason, retry_after=counter.wait(f"mail:{asked}", who))


def take_from(who: str) -> None:
    """Count one more message that the bucket ``who`` (``bucket``) asks for, whatever for. Raises TooMany."""
    most = limits.current().proof.mails_per_network_address_per_hour
    counter.take("mail_from", who, limit=most, seconds=_HOUR, reason=Reason.TOO_MANY_MAILS)


def is_used_up(who: str) -> bool:
    """Whether this bucket has asked for as many messages as one may."""
    return counter.made("mail_from", who) >= limits.current().proof.mails_per_network_address_per_hour


def take_to(asked: MailFor, address: str, who: str) -> None:
    """Count one more message to this address, asked for by the bucket ``who`` (``bucket``). Raises TooMany.

    First by where it comes from, then by the address: a browser's own bucket has a budget of its own for it. The same
    whether or not there is an account.
    """
    take_from(who)
    take(asked, address if who.startswith(bucket.NETWORK) else f"{address} {who}")


def take_new_address(customer: User, address: str) -> Asked:
    """Count one more message by which this customer proves an address that is nobody's yet. Raises TooMany.

    By the customer too: what others ask for with the same address does not keep its owner from it, unless this account
    is so young that it is a stranger like all others. Tags make no other mailbox of it (what strangers ask for is
    counted by the address as it stands: a link to another of them opens nothing of its owner's).
    """
    who = str(customer.pk)
    take(MailFor.NEW_ADDRESS, f"{who} {mailbox.reader(address)}", reason=Reason.SEVERAL_MESSAGES)
    asked = by(MailFor.NEW_ADDRESS, who, stranger=outbound.is_young(customer, clock.now()))
    wait = outbound.is_used_up(asked, address) if asked.stranger else 0
    if wait:
        raise TooMany(Reason.SEVERAL_MESSAGES, retry_after=wait)
    return asked


def take_sign_in_code(customer: User, attempt: UUID, own: str) -> None:
    """Count one more code for this sign-in, whose password was right. Raises TooMany.

    A browser that the customer uses has a budget of its own (``own``, see ``bucket``). Every other attempt has
    one too, and all of those together one more: whoever has the password can use up that, but nothing of the owner's
    own browsers and sessions.
    """
    take(MailFor.SIGN_IN, f"{customer.pk} {own or attempt}", reason=Reason.SEVERAL_CODES)
    if not own:
        most = limits.current().proof.sign_in_codes_per_customer_per_hour
        who = str(customer.pk)
        counter.take("sign_in_codes", who, limit=most, seconds=_HOUR, reason=Reason.SEVERAL_CODES)
