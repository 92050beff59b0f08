"""The operator's list of addresses, networks and AS numbers that attacks come from.

Plain text, one entry a line: ``192.0.2.7``, ``2001:db8::/32`` or ``AS64500``; what follows a ``#`` is a comment. Kept
as ranges that lie apart and in order, and searched by bisection.
"""

import ipaddress
import re
from bisect import bisect_right
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from ciam_portal.core.places.kinds import Address, Broken, asn_of
from ciam_portal.core.places.ranges import lines

_Network = TypeVar("_Network", ipaddress.IPv4Network, ipaddress.IPv6Network)
_ASN = re.compile(r"[Aa][Ss][0-9]+")
_WIDEST = {4: 8, 6: 16}  # a shorter prefix would list a good part of the world, which is a slip


class Blocklist:
    """One list, as its file was when it was opened. Raises Broken, with the number of the line."""

    def __init__(self, path: Path) -> None:
        networks4: list[ipaddress.IPv4Network] = []
        networks6: list[ipaddress.IPv6Network] = []
        asns: set[int] = set()
        for number, line in enumerate(lines(path), 1):
            text = line.partition("#")[0].strip()
            try:
                match _parsed(text) if text else None:
                    case ipaddress.IPv4Network() as network:
                        networks4.append(network)
                    case ipaddress.IPv6Network() as network:
                        networks6.append(network)
                    case int() as asn:
                        asns.add(asn)
            except Broken as error:
                raise Broken(f"line {number}: {error}") from error
        if not (networks4 or networks6 or asns):
            raise Broken("no address, network or AS number in it")
        self.networks, self.asns = len(networks4) + len(networks6), frozenset(asns)
        self._ranges = {4: _ranges(networks4), 6: _ranges(networks6)}

    def has(self, ip: Address, asn: int | None) -> bool:
        """Whether this address, or the AS that announces it, is listed."""
        starts, ends = self._ranges[ip.version]
        index = bisect_right(starts, int(ip)) - 1
        return (index >= 0 and int(ip) <= ends[index]) or (asn is not None and asn in self.asns)


def _parsed(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | int:
    if _ASN.fullmatch(text):
        asn = asn_of(text)
        if asn is None:
            raise Broken(f"{text[:40]!a} is no AS number")
        return asn
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        if "host bits" in str(error):
            raise Broken(f"{text[:50]!a} is no network: it has bits behind its prefix") from error
        raise Broken(f"{text[:50]!a} is neither an address, nor a network, nor an AS number") from error
    if network.prefixlen < _WIDEST[network.version]:
        raise Broken(f"{text[:50]!a} is too wide: at least /{_WIDEST[network.version]}")
    return network


def _ranges(networks: Iterable[_Network]) -> tuple[list[int], list[int]]:
    apart = list(ipaddress.collapse_addresses(networks))
    return [int(each.network_address) for each in apart], [int(each.broadcast_address) for each in apart]
