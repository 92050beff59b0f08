"""The only speaker of maxminddb: databases in MMDB form.

Read by its pure Python reader, from memory: its C extension (3.2.0, tried with bytes changed at random) corrupts
memory and ends the process on a damaged file, and a mapped file does so when it is written over. 10 microseconds a
lookup instead of 1 are nothing beside a sign-in.
"""

import logging
import struct
from pathlib import Path

import maxminddb
from maxminddb.decoder import Decoder

from ciam_portal.core.places.kinds import Address, Broken, NetworkKind, asn_of, country_of

_MARKER = b"\xab\xcd\xefMaxMind.com"
_TAIL = 128 * 1024  # the format's longest distance of the marker from the end
_HEAD = 4096
_MOST_NETWORKS = 50_000_000
# What damaged files have made the reader raise; InvalidDatabaseError and RecursionError are RuntimeErrors.
_ERRORS = (
    RuntimeError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError, OSError, struct.error
)  # fmt: skip

log = logging.getLogger(__name__)


def is_mmdb(path: Path) -> bool:
    """Whether this is a database in MMDB form and no text. Raises Broken for one whose end is missing."""
    size = path.stat().st_size
    with path.open("rb") as file:
        is_binary = b"\x00" in file.read(_HEAD)
        file.seek(max(0, size - _TAIL))
        tail = file.read()
    start = tail.rfind(_MARKER) + len(_MARKER)
    has_marker = start >= len(_MARKER)
    if (is_binary and not has_marker) or (has_marker and _end(tail, start) > len(tail)):
        raise Broken("neither text nor a whole MMDB database (its end is missing)")
    return has_marker


def _end(tail: bytes, start: int) -> int:
    """Where the metadata, the last part of the file, ought to end; the reader itself does not look."""
    try:
        return Decoder(tail, start).decode(start)[1]
    except _ERRORS as error:
        raise Broken("no whole MMDB database") from error


class Database:
    """One file, as it was when it was opened."""

    def __init__(self, path: Path) -> None:
        try:
            self._reader = maxminddb.open_database(path, maxminddb.MODE_MEMORY)
        except _ERRORS as error:
            raise Broken("no whole MMDB database") from error

    def country(self, ip: Address) -> str:
        """The country code in MaxMind's, DB-IP's, IPinfo's or ip-location-db's form of a record, or ""."""
        return _country(self._record(ip))

    def asn(self, ip: Address) -> int | None:
        """The AS number in these forms, or None."""
        return _asn(self._record(ip))

    def examine(self) -> tuple[dict[NetworkKind, int], set[int]]:
        """Read everything: how many networks have a value of each kind, and which IP versions are there."""
        counts, versions = dict.fromkeys(NetworkKind, 0), set()
        try:
            for number, (network, record) in enumerate(self._reader):
                if number >= _MOST_NETWORKS:
                    raise Broken(f"more than {_MOST_NETWORKS:,} networks")
                country, asn = bool(_country(record)), _asn(record) is not None
                counts[NetworkKind.COUNTRY] += country
                counts[NetworkKind.ASN] += asn
                if country or asn:
                    versions.add(network.version)
        except _ERRORS as error:
            raise Broken("a damaged MMDB database") from error
        return counts, versions

    def _record(self, ip: Address) -> object:
        try:
            return self._reader.get(ip)
        except _ERRORS as error:  # a file that came past `manage.py network_data load`
            log.warning("Network data could not be read: %s", type(error).__name__)
            return None


def _country(record: object) -> str:
    if not isinstance(record, dict):
        return ""
    nested = record.get("country")
    return (
        country_of(nested.get("iso_code") if isinstance(nested, dict) else record.get("country_code"))
        or country_of(nested)  # IPinfo writes the code here, or the country's name with the code beside it
    )


def _asn(record: object) -> int | None:
    if not isinstance(record, dict):
        return None
    return asn_of(record.get("autonomous_system_number")) or asn_of(record.get("asn"))
