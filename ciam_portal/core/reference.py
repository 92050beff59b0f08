"""A short number for a row, to be read aloud on the phone: eight letters and digits, of which none looks like another.

It is the random end of the row's id, or of a request's, and opens nothing. In a large installation two rows may share
one, so whoever looks something up by it has to be ready for several.
"""

from uuid import UUID

from django.db.models import CharField
from django.db.models.functions import Cast, Right

from ciam_portal.core.crypto.codes import BASE32

_LENGTH = 8  # of five bits each
_HEXADECIMAL = 32  # digits of an id
_DIGITS = _LENGTH * 5 // 4  # of the id as it is written in hexadecimal


def of(key: UUID | None) -> str:
    """The reference of the row with this id, for example ``7KQ4-M2XR``; nothing of nothing."""
    if key is None:
        return ""
    bits = key.int & (1 << _LENGTH * 5) - 1
    letters = "".join(BASE32[bits >> 5 * place & 31] for place in reversed(range(_LENGTH)))
    return f"{letters[:4]}-{letters[4:]}"


def of_request(number: str) -> str:
    """The reference of a request, by its id in hexadecimal, as pages show it and log lines carry it."""
    return of(UUID(number)) if len(number) == _HEXADECIMAL else "-"


def end_of(text: str) -> str:
    """How the ids end whose reference this is, however it was typed; nothing if it is no reference."""
    letters = "".join(text.upper().split()).replace("-", "")
    if len(letters) != _LENGTH or not set(letters) <= set(BASE32):
        return ""
    bits = 0
    for letter in letters:
        bits = bits << 5 | BASE32.index(letter)
    return f"{bits:0{_DIGITS}x}"


def end(column: str = "id") -> Right:
    """The end of an id, in a query or an index."""
    return Right(Cast(column, CharField()), _DIGITS)
