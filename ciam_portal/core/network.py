"""The client's network address, the same for every library that asks (axes, allauth, sessions, limits)."""

import ipaddress
import logging
import re
from ipaddress import IPv4Address, IPv6Address

from django.conf import settings
from django.http import HttpRequest

from ciam_portal.core.crypto import codes

log = logging.getLogger(__name__)

UNKNOWN = "0.0.0.0"  # noqa: S104  (an address nobody has, not a socket to bind)
_PORT = re.compile(r"\[([^\]]*)\](?::\d*)?|([^:]*):\d*")
_SHARED_BITS = 64  # of an IPv6 address: whoever has one has the whole network
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in its last 32 bits


def client_address(request: HttpRequest) -> str:
    """The address of the client, as the outermost of our own proxies saw it, in its one canonical form.

    ``settings.TRUSTED_PROXY_COUNT`` proxies of ours each append one entry to X-Forwarded-For; what stands further
    left was written by strangers and is never believed. Zero proxies: the header is ignored. Too few entries mean
    that the request came past a proxy, and anything that is no address is no address: UNKNOWN then.
    """
    known = request.__dict__
    if "client_address" not in known:
        known["client_address"] = _client_address(request)
    return str(known["client_address"])


def _client_address(request: HttpRequest) -> str:
    hops = settings.TRUSTED_PROXY_COUNT
    entries = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hops else [request.META.get("REMOTE_ADDR", "")]
    found = canonical(entries[-max(hops, 1)]) if len(entries) >= hops else UNKNOWN
    if found == UNKNOWN:
        log.warning("a request comes from nobody knows where: is TRUSTED_PROXY_COUNT=%s right?", hops)
    return found


def canonical(text: str) -> str:
    """The address that any notation of it means; UNKNOWN if it means none.

    Proxies write ports, brackets, quotes and zones beside it. An IPv4 address inside an IPv6 one (mapped, NAT64, 6to4,
    Teredo) is that IPv4 address: it is where the client is, and one client has many such notations.
    """
    text = text.strip().strip('"').strip()
    if with_port := _PORT.fullmatch(text):
        text = with_port[1] or with_port[2] or ""
    try:
        ip = _meant(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return UNKNOWN
    return UNKNOWN if ip.is_unspecified or ip.is_multicast else str(ip)


def _meant(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    if isinstance(ip, IPv4Address):
        return ip
    if ip in _TRANSLATED:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else ip)


def pseudonym(request: HttpRequest) -> str:
    """What is kept of the client's address: as sessions and limits keep it; nothing if it is unknown."""
    where = source(client_address(request))
    return where and codes.hidden("address", where)


def source(address: str) -> str:
    """What limits count as one source: an IPv4 address, or the IPv6 network of 64 bits around one; "" if unknown."""
    return "" if address == UNKNOWN else str(_network(address, 32, _SHARED_BITS)).removesuffix("/32")


def bucket(request: HttpRequest) -> str:
    """Under what limits for each source count this request.

    One of unknown address is counted by itself: customers of unknown address cannot be told apart, and one bucket for
    all would shut them all out. It gives nothing away: whoever comes past our proxies, so that the address is unknown,
    could as well name another one each time. Limits by account, mailbox and browser hold for it as ever, and nothing
    about its place speaks for it.
    """
    return source(client_address(request)) or f"request-{codes.new_id()}"


def prefix(address: str) -> str:
    """The network an address lies in, coarse enough to show and keep: IPv4 /24, IPv6 /48."""
    return "unknown" if address == UNKNOWN else str(_network(address, 24, 48))


def _network(address: str, bits4: int, bits6: int) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    ip = _meant(ipaddress.ip_address(address))
    return ipaddress.ip_network((ip, bits4 if isinstance(ip, IPv4Address) else bits6), strict=False)
