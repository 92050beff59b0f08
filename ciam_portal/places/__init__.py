"""Where a network address is registered: country and AS number, from files on this machine alone.

Countries come from ``iptocc`` (MIT OR Apache-2.0; its data are the five registries' public delegated statistics,
refreshed nightly; 0.6 MB, typed, wheels for Linux and macOS) until the operator loads a better file. It was chosen
over ip-to-country (pickles, untouched since 2025), ipmapper (downloads at run time) and whatever carries GeoLite2 or
IP2Location data (licences). No package brings AS numbers under a free licence: unknown until a file is loaded
(``manage.py network_data``).
"""

import ipaddress
from dataclasses import dataclass

from ciam_portal.places import folder
from ciam_portal.places.kinds import Address, Kind

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
    by_country, by_asn = sources.of(Kind.COUNTRY, ip), sources.of(Kind.ASN, ip)
    return Place(by_country.country(ip) if by_country else "", by_asn.asn(ip) if by_asn else None)


def _public(text: str) -> Address | None:
    if len(text) > _LONGEST or "%" in text:
        return None
    try:
        ip: Address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return ip if ip.is_global and not ip.is_multicast else None
