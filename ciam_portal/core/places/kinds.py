"""The words that all readers of network data share: kinds of data, what a reader answers, why a file is refused."""

from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from typing import Protocol

Address = IPv4Address | IPv6Address
VERSIONS = (4, 6)
LARGEST_ASN = 2**32 - 1

_LETTERS = 2
_NO_COUNTRY = {"AP", "EU", "XX", "ZZ"}  # regions and "unknown", which some files write as if they were countries


class NetworkKind(StrEnum):
    """What a file tells about an address."""

    COUNTRY = "country"
    ASN = "asn"


class Broken(Exception):
    """A file is no usable network data; the text says why, after "FILE: "."""


class Reader(Protocol):
    """One source of data. It is asked only for the kind that it holds, and it never raises."""

    def country(self, ip: Address) -> str:
        """The country code, or ""."""

    def asn(self, ip: Address) -> int | None:
        """The AS number, or None."""


def country_of(value: object) -> str:
    """The value as a country code, or "" if it is none."""
    if not isinstance(value, str) or len(value) != _LETTERS or not (value.isascii() and value.isalpha()):
        return ""
    code = value.upper()
    return "" if code in _NO_COUNTRY else code


def asn_of(value: object) -> int | None:
    """The value (15169, "15169" or "AS15169") as an AS number, or None if it is none."""
    if isinstance(value, str):
        digits = value[2:] if value[:2].upper() == "AS" else value
        if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(LARGEST_ASN))):
            return None
        value = int(digits)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 < value <= LARGEST_ASN else None
