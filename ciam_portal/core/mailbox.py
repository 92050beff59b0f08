"""One mailbox is one address: however it is written, it has one canonical form.

That form alone is stored, counted and looked up, and messages go to it. Pure.

The domain is what DNS is asked for (Unicode NFC, UTS 46 without transition, then IDNA 2008 A-labels), the local part is
ASCII in lower case. Local parts of other letters need a mail server that speaks SMTPUTF8 (RFC 6531) on every hop, so
they are refused unless the installation says that it has one.
"""

import re
import unicodedata

import idna

from ciam_portal.core.policy.reason import ReasonBase

# What every canonical address looks like, for the database too.
SHAPE = r"^[^@ ]{1,64}@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$"
LONGEST_TYPED = 320  # characters; a spelling may be longer than what it comes to
_LONGEST = 254  # octets of an address in a path of 256 (RFC 5321, section 4.5.3.1.3); leaves a domain less than its 255
_LONGEST_LOCAL = 64  # octets (RFC 5321, section 4.5.3.1.1)

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]"
_ASCII_LOCAL = re.compile(rf"{_ATOM}+(?:\.{_ATOM}+)*")
_UTF8_LOCAL = re.compile(rf"(?:{_ATOM}|[^\x00-\x7f])+(?:\.(?:{_ATOM}|[^\x00-\x7f])+)*")
_LETTERS_AND_DIGITS = "LMN"  # what Unicode calls letters, marks and numbers
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_TOP_LABEL = re.compile(r"[a-z].+")  # a number at the end is a network address
_A_LABEL = "xn--"

# Whose dots in the local part mean nothing, and which domains are one there. All providers: what follows a plus sign.
_DOTLESS = {"gmail.com", "proton.me"}
_ALIASES = {
    "googlemail.com": "gmail.com",
    "protonmail.com": "proton.me",
    "protonmail.ch": "proton.me",
    "pm.me": "proton.me",
    "me.com": "icloud.com",
    "mac.com": "icloud.com",
}

NOWHERE = "no-mailbox.invalid"
"""The domain of accounts without an address: no mail goes there (RFC 2606), nobody may name it, no page shows it."""

_speaks_utf8 = False


class Reason(ReasonBase):
    """Why a text is no address here. ``words`` is what the person reads."""

    NO_ADDRESS = "address_malformed", "Please write a whole email address, such as name@example.com."
    UNSEEN = "address_unseen", "This holds a sign that cannot be seen. Please type the address instead of pasting it."
    LOCAL_PART = "address_local_part", "We cannot send mail to an address with such letters or signs before the @."
    DOMAIN = "address_domain", "Please write a domain name after the @, such as example.com."
    TOO_LONG = "address_too_long", "This email address is longer than an address can be."


class NoMailbox(ValueError):
    """The text is no address that mail can go to. Never holds the text."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.words)
        self.reason = reason


def install(*, speaks_utf8: bool) -> None:
    """Say for this process whether the mail server speaks SMTPUTF8."""
    global _speaks_utf8  # noqa: PLW0603  (one process, one mail server)
    _speaks_utf8 = speaks_utf8


def canonical(text: str) -> str:
    """The one form of this address, which is its own canonical form. Raises NoMailbox."""
    text = _plain(text)
    local, _at, domain = text.rpartition("@")
    if not text.isprintable():  # control characters, joiners, marks of direction
        raise NoMailbox(Reason.UNSEEN)
    if not local or not domain:
        raise NoMailbox(Reason.NO_ADDRESS)
    address = f"{_local(local)}@{_domain(domain)}"
    if is_nowhere(address):
        raise NoMailbox(Reason.DOMAIN)
    if len(address.encode()) > _LONGEST:
        raise NoMailbox(Reason.TOO_LONG)
    return address


def nowhere(name: str) -> str:
    """What stands in place of an address, for an account that has none."""
    return f"{name}@{NOWHERE}"


def is_nowhere(address: str) -> bool:
    """Whether this stands in place of an address."""
    return address.endswith(f"@{NOWHERE}")


def named(text: str) -> str:
    """Under what a look-up and a budget know the address that somebody names.

    What is no address keeps a form of its own, which is nobody's canonical form: it is looked up, counted and answered
    like an address without an account. Longer than any spelling, or with signs that cannot be seen: the empty one.
    """
    try:
        return canonical(text)
    except NoMailbox:
        text = text.strip()
        text = "" if len(text) > LONGEST_TYPED else unicodedata.normalize("NFC", text).lower()
        return text if text.isprintable() else ""


def shown(address: str) -> str:
    """The same address for a page or a message: the domain in the letters of its language. Nothing, if it is none."""
    if is_nowhere(address):
        return ""
    local, at, domain = address.rpartition("@")
    try:
        return f"{local}{at}{'.'.join(_unicode(label) for label in domain.split('.'))}"
    except UnicodeError:
        return address


def spelled_out(address: str) -> str:
    """For others than its owner: as shown and, where that differs, as DNS knows it, for some letters look alike."""
    letters, domain = shown(address), address.rpartition("@")[2]
    return letters if letters in {address, ""} else f"{letters} ({domain})"


def reader(address: str) -> str:
    """What two canonical addresses have in common that one person reads: without what is for sorting mail only."""
    local, _at, domain = address.rpartition("@")
    domain = _ALIASES.get(domain, domain)
    local = local.partition("+")[0] or local  # (a number, as some services name their mailboxes, is no tag)
    return f"{local.replace('.', '') if domain in _DOTLESS else local}@{domain}"


def _plain(text: str) -> str:
    text = text.strip()
    if len(text) > LONGEST_TYPED:
        raise NoMailbox(Reason.TOO_LONG)
    return unicodedata.normalize("NFC", text)


def _local(text: str) -> str:
    local = text.lower()
    if not _ASCII_LOCAL.fullmatch(local) and not (_speaks_utf8 and _is_utf8_local(local)):
        raise NoMailbox(Reason.LOCAL_PART)
    if len(local.encode()) > _LONGEST_LOCAL:
        raise NoMailbox(Reason.TOO_LONG)
    return local


def _is_utf8_local(local: str) -> bool:
    """Letters, marks and digits beside ASCII's signs; nothing that is only another look of an ordinary letter."""
    if unicodedata.normalize("NFKC", local) != local or local.lower() != local:
        return False
    others = (letter for letter in local if not letter.isascii())
    return bool(_UTF8_LOCAL.fullmatch(local)) and all(
        unicodedata.category(letter)[0] in _LETTERS_AND_DIGITS for letter in others
    )


def _domain(text: str) -> str:
    try:
        labels = [_ascii(label) for label in idna.uts46_remap(text, std3_rules=True, transitional=False).split(".")]
    except UnicodeError:
        raise NoMailbox(Reason.DOMAIN) from None
    if len(labels) == 1 or not _TOP_LABEL.fullmatch(labels[-1]):
        raise NoMailbox(Reason.DOMAIN)
    return ".".join(labels)


def _ascii(label: str) -> str:
    """A label as DNS knows it. Raises UnicodeError (``idna``'s errors are such)."""
    if _LABEL.fullmatch(label) and not label.startswith(_A_LABEL):
        return label
    found = idna.alabel(label).decode()
    plain = idna.ulabel(found)
    if not plain.isprintable() or idna.uts46_remap(plain, std3_rules=True, transitional=False) != plain:
        raise idna.IDNAError("joiners, or letters that are another look of an ordinary one")
    return found


def _unicode(label: str) -> str:
    return idna.ulabel(label) if label.startswith(_A_LABEL) else label
