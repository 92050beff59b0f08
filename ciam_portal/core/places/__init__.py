"""Where a network address is registered: country and AS number, from files on this machine alone; is it blocklisted?

Countries come from ``iptocc`` (MIT OR Apache-2.0; its data are the five registries' public delegated statistics,
refreshed nightly; 0.6 MB, typed, wheels for Linux and macOS) until the operator loads a better file. It was chosen
over ip-to-country (pickles, untouched since 2025), ipmapper (downloads at run time) and whatever carries GeoLite2 or
IP2Location data (licences). No package brings AS numbers under a free licence: unknown until a file is loaded
(``manage.py network_data``).
"""

import ipaddress
from dataclasses import dataclass

from ciam_portal.core.places import folder
from ciam_portal.core.places.kinds import Address, NetworkKind

_LONGEST = 45  # of any IPv6 address in text


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of an address. "" and None mean unknown, and unknown is never guessed at."""

    country: str = ""
    asn: int | None = None


UNKNOWN = Place()


def lookup(address: str) -> Place:
    """The country (ISO 3166-1 alpha-2) and AS number of an address. Whatever is no public address is UNKNOWN."""
    ip = _public(address)
    if ip is None:
        return UNKNOWN
    sources = folder.current()
    by_country, by_asn = sources.of(NetworkKind.COUNTRY, ip), sources.of(NetworkKind.ASN, ip)
    return Place(by_country.country(ip) if by_country else "", by_asn.asn(ip) if by_asn else None)


def blocklisted(address: str, asn: int | None) -> bool | None:
    """Whether the operator's blocklist names this address or its AS; None without a list, and of what is no address."""
    blocked = folder.current().blocked
    ip = _parsed(address)
    if blocked is None or blocked[1] is None or ip is None:
        return None
    return blocked[1].has(ip, asn)


def _public(text: str) -> Address | None:
    ip = _parsed(text)
    return ip if ip and ip.is_global and not ip.is_multicast else None


def _parsed(text: str) -> Address | None:
    if len(text) > _LONGEST or "%" in text:
        return None
    try:
        ip: Address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return (ip.ipv4_mapped or ip) if isinstance(ip, ipaddress.IPv6Address) else ip
