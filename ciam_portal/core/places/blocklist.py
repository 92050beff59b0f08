"""The operator's list of addresses, networks and AS numbers that attacks come from.

Plain text, one entry a line: ``192.0.2.7``, ``2001:db8::/32`` or ``AS64500``; what follows a ``#`` is a comment. Kept
as prefixes: an address is looked for under each length that a prefix may have, however long the list is.
"""

import ipaddress
import re
from pathlib import Path

from ciam_portal.core.places.kinds import Address, Broken, asn_of
from ciam_portal.core.places.ranges import lines

_ASN = re.compile(r"[Aa][Ss][0-9]+")
_WIDEST = {4: 8, 6: 16}  # a shorter prefix would list a good part of the world, which is a slip


class Blocklist:
    """One list, as its file was when it was opened. Raises Broken, with the number of the line."""

    def __init__(self, path: Path) -> None:
        self.asns: set[int] = set()
        self._prefixes: set[tuple[int, int, int]] = set()
        with lines(path) as found:
            for number, line in enumerate(found, 1):
                self._take(line.partition("#")[0].strip(), number)
        self.networks = len(self._prefixes)
        if not (self.networks or self.asns):
            raise Broken("no address, network or AS number in it")

    def _take(self, text: str, number: int) -> None:
        try:
            if _ASN.fullmatch(text):
                self.asns.add(_asn(text))
            elif text:
                self._prefixes.add(_prefix(text))
        except Broken as error:
            raise Broken(f"line {number}: {error}") from error

    def has(self, ip: Address, asn: int | None) -> bool:
        """Whether this address, or the AS that announces it, is listed."""
        lengths = range(_WIDEST[ip.version], ip.max_prefixlen + 1)
        return asn in self.asns or any(_leading(ip, length) in self._prefixes for length in lengths)


def _asn(text: str) -> int:
    asn = asn_of(text)
    if asn is None:
        raise Broken(f"{text[:40]!a} is no AS number")
    return asn


def _prefix(text: str) -> tuple[int, int, int]:
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        if "host bits" in str(error):
            raise Broken(f"{text[:50]!a} is no network: it has bits behind its prefix") from error
        raise Broken(f"{text[:50]!a} is neither an address, nor a network, nor an AS number") from error
    if network.prefixlen < _WIDEST[network.version]:
        raise Broken(f"{text[:50]!a} is too wide: at least /{_WIDEST[network.version]}")
    return _leading(network.network_address, network.prefixlen)


def _leading(ip: Address, length: int) -> tuple[int, int, int]:
    return ip.version, length, int(ip) >> (ip.max_prefixlen - length)
