"""Is a receipt what it says? From the file and the published keys alone: no database, no network.

The same is said by ``static/receipts.js`` (in a browser) and ``static/verify_receipt.py`` (without anything of ours); a
test walks all three through the same table.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ciam_portal.core import base64url, strictjson
from ciam_portal.core.policy.reason import Worded
from ciam_portal.oauth import jwts

KIND = "consent-receipt+jwt"
LONGEST = 65_536  # characters of one receipt
_SIGNATURE = 64  # bytes (RFC 7518 section 3.4)

Keys = Callable[[str], Iterable[Any]]


class Wrong(Worded):
    """Why a receipt is not to be believed."""

    TRUNCATED = "truncated", "The file is not whole, or it is no receipt. Download it again."
    NOT_A_RECEIPT = "not_a_receipt", "This was signed as something else, not as a receipt."
    UNKNOWN_KEY = "unknown_key", "It is signed with a key that we do not publish. It is not from us."
    FORGED = "forged", "What it says is not what we signed: somebody changed it."
    CHANGED = "changed", "The part that people read is not the part that we signed: somebody changed it."
    ANOTHERS = "anothers", "These receipts belong to different people."
    MISSING = "missing", "A receipt between two of these is missing."
    SWAPPED = "swapped", "It does not follow the one before it: one of them was put in another's place."
    OTHER_TEXT = "other_text", "The text that was agreed to is not the one that the receipt names."
    NO_RECORD = "no_record", "We have no record of it."
    OTHER_RECORD = "other_record", "Our record says something else."
    BROKEN_RECORD = "broken_record", "Our own record of the one before it, or after it, is not what we signed."


class Unbelievable(Exception):
    """A receipt that is not to be believed: why, and which (its number, if that can be read)."""

    def __init__(self, wrong: Wrong, number: int | None = None) -> None:
        super().__init__(wrong.value)
        self.wrong, self.number = wrong, number


@dataclass(frozen=True, slots=True)
class Receipt:
    """One that the signature holds for: the exact text that was signed, and what it says."""

    text: str
    said: dict[str, Any]

    @property
    def number(self) -> int:
        """Its place in the person's chain, from 1 on."""
        return int(self.said["seq"])


def file_of(*texts: str) -> str:
    """The file that people keep: each receipt as it was signed, and the same to read."""
    entries = [{"receipt": text, "content": says(text)} for text in texts]
    return json.dumps(entries[0] if len(entries) == 1 else entries, indent=2, ensure_ascii=False) + "\n"


def says(text: str) -> Any:  # noqa: ANN401  (JSON)
    """What a receipt of our own says. Of any other: what it says of itself, by nobody's word; or ValueError."""
    return json.loads(_bytes(text.split(".")[1]))


def read(file: bytes | str, keys: Keys) -> tuple[Receipt, ...]:
    """The receipts in a file, each by itself. Raises Unbelievable."""
    try:
        found = strictjson.loads(file)
    except strictjson.Duplicate:
        raise Unbelievable(Wrong.CHANGED) from None
    except strictjson.NoJSON:
        raise Unbelievable(Wrong.TRUNCATED) from None
    entries = found if isinstance(found, list) else [found]
    if not entries:
        raise Unbelievable(Wrong.TRUNCATED)
    return tuple(_entry(each, keys) for each in entries)


def linked(receipts: Sequence[Receipt]) -> tuple[Receipt, ...]:
    """These of one person, in their order, each following the one before it. Raises Unbelievable."""
    ordered = tuple(sorted(receipts, key=lambda each: each.number))
    for before, after in pairwise(ordered):
        if after.said["pii_principal_id"] != before.said["pii_principal_id"]:
            raise Unbelievable(Wrong.ANOTHERS, after.number)
        if after.number > before.number + 1:
            raise Unbelievable(Wrong.MISSING, before.number + 1)
        if after.number == before.number or after.said["prev"] != jwts.hash_of(before.text):
            raise Unbelievable(Wrong.SWAPPED, after.number)
    return ordered


def _entry(entry: Any, keys: Keys) -> Receipt:  # noqa: ANN401  (JSON)
    if not isinstance(entry, dict) or set(entry) != {"receipt", "content"} or not isinstance(entry["receipt"], str):
        raise Unbelievable(Wrong.TRUNCATED)
    receipt = signed(entry["receipt"], keys)
    if entry["content"] != receipt.said:
        raise Unbelievable(Wrong.CHANGED, receipt.number)
    return receipt


def signed(text: str, keys: Keys) -> Receipt:
    """One receipt as it was signed. Raises Unbelievable."""
    header = _header(text)
    if header.get("typ") != KIND:
        raise Unbelievable(Wrong.NOT_A_RECEIPT, _number(text))
    known = list(keys(str(header.get("kid"))))
    if not known:
        raise Unbelievable(Wrong.UNKNOWN_KEY, _number(text))
    claims = jwts.read(text, lambda _kid: known, algorithms=(jwts.ES256,), kinds=(KIND,), longest=LONGEST)
    if claims is None:
        raise Unbelievable(Wrong.FORGED, _number(text))
    return Receipt(text, claims)


def _header(text: str) -> dict[str, Any]:
    """What stands before it. Raises Unbelievable, also for a spelling that another reader would not take."""
    parts = text.split(".")
    if len(parts) != 3 or len(text) > LONGEST:  # noqa: PLR2004  (compact serialization, RFC 7515 section 7.1)
        raise Unbelievable(Wrong.TRUNCATED)
    try:
        header, _payload, signature = (_bytes(part) for part in parts)
        found = json.loads(header)
    except ValueError:
        raise Unbelievable(Wrong.TRUNCATED) from None
    if len(signature) < _SIGNATURE:
        raise Unbelievable(Wrong.TRUNCATED)
    return found if isinstance(found, dict) else {}


def _number(text: str) -> int | None:
    """The number that it gives itself, by nobody's word."""
    try:
        said = says(text)
    except ValueError:
        return None
    number = said.get("seq") if isinstance(said, dict) else None
    return number if type(number) is int else None


def _bytes(part: str) -> bytes:
    """Base64url, in the one way that it can be written: the last bits that say nothing are zero.

    Raises ValueError, or Unbelievable for another way.
    """
    data = base64url.decode(part)
    if base64url.encode(data) != part:
        raise Unbelievable(Wrong.FORGED)
    return data
