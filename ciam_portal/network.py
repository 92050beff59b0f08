"""The client's network address, the same for every library that asks (axes, allauth, sessions, limits)."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

UNKNOWN = "0.0.0.0"  # noqa: S104  (an address nobody has, not a socket to bind)


def client_address(request: HttpRequest) -> str:
    """The address of the client, as the outermost of our own proxies saw it.

    ``settings.TRUSTED_PROXY_COUNT`` proxies of ours each append one entry to X-Forwarded-For; what stands further
    left was written by strangers and is never believed. Zero proxies: the header is ignored. Too few entries mean
    that the request came past a proxy, and anything that is no address is no address: UNKNOWN then.
    """
    hops = settings.TRUSTED_PROXY_COUNT
    if hops == 0:
        return _address(request.META.get("REMOTE_ADDR", ""))
    forwarded = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    return _address(forwarded[-hops]) if len(forwarded) >= hops else UNKNOWN


def prefix(address: str) -> str:
    """The network an address lies in, coarse enough to show and keep: IPv4 /24, IPv6 /48."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    network = ipaddress.ip_network((ip, 24 if ip.version == 4 else 48), strict=False)  # noqa: PLR2004  (IP versions)
    return str(network)


def _address(text: str) -> str:
    if not text:  # a Unix socket
        return "127.0.0.1"
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return UNKNOWN


def source(address: str) -> str:
    """Under what an address is counted by every limit: IPv4 by itself, IPv6 by the /64 that one customer has."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address) and not ip.ipv4_mapped:
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(getattr(ip, "ipv4_mapped", None) or ip)
