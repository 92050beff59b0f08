"""The client's network address, the same for every library that asks (axes, allauth, sessions, limits)."""

import ipaddress
import logging
import re
from collections import Counter
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from redis.exceptions import RedisError

from ciam_portal.core.crypto import codes

log = logging.getLogger(__name__)

UNKNOWN = "0.0.0.0"  # noqa: S104  (an address nobody has, not a socket to bind)
_PORT = re.compile(r"\[([^\]]*)\](?::\d*)?|([^:]*):\d*")
_MANY = 20  # entries of X-Forwarded-For are not told apart beyond
_SHARED_BITS = 64  # of an IPv6 address: whoever has one has the whole network
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address in its last 32 bits


def client_address(request: HttpRequest) -> str:
    """The address of the client, as the outermost of our own proxies saw it, in its one canonical form.

    ``settings.TRUSTED_PROXY_COUNT`` proxies of ours each append one entry to X-Forwarded-For; what stands further
    left was written by strangers and is never believed. Zero proxies: the header is ignored. Too few entries mean
    that the request came past a proxy, and anything that is no address is no address: UNKNOWN then.

    With ``settings.TRUSTED_PROXIES``, their networks, it is the last address on the way that is none of theirs,
    however many of them a request passes.
    """
    known = request.__dict__
    if "client_address" not in known:
        known["client_address"] = _client_address(request)
    return str(known["client_address"])


def _client_address(request: HttpRequest) -> str:
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    entries, remote = forwarded.split(",") if forwarded else [], request.META.get("REMOTE_ADDR", "")
    if settings.TRUSTED_PROXIES:
        found, fits = _behind(entries, remote)
    else:
        hops = settings.TRUSTED_PROXY_COUNT
        last = entries[-hops] if 0 < hops <= len(entries) else ""
        found, fits = canonical(last if hops else remote), len(entries) == hops
    CHAIN.count(min(len(entries), _MANY), fits=fits and found != UNKNOWN)
    if found == UNKNOWN:
        named = "TRUSTED_PROXIES" if settings.TRUSTED_PROXIES else f"TRUSTED_PROXY_COUNT={settings.TRUSTED_PROXY_COUNT}"
        log.warning("a request comes from nobody knows where: is %s right?", named)
    return found


def _behind(entries: list[str], remote: str) -> tuple[str, bool]:
    """The last address that is no proxy's of ours, and whether the request came by one of them."""
    if remote and not _is_ours(canonical(remote)):
        return canonical(remote), False  # past them: what it says of where it comes from is a stranger's word
    for each in map(canonical, reversed(entries)):
        if not _is_ours(each):
            return each, each != UNKNOWN
    return UNKNOWN, False


def _is_ours(address: str) -> bool:
    ip = ipaddress.ip_address(address)
    return address != UNKNOWN and any(ip in network for network in settings.TRUSTED_PROXIES)


class Chain:
    """Whether requests come by the proxies that were named, counted in this process: if hardly any does, it is said.

    With one proxy too many in the settings a forged header counts as an address; with one too few all customers are
    one address. No single request shows it, since strangers may write entries of their own.
    """

    LOOKED_AT = 200  # requests at a time
    LEAST = 0.1  # of them that come as they should
    _MARK, _KEPT_SECONDS = "proxies-misfit", 3600

    def __init__(self) -> None:
        self._fit, self._lengths = 0, Counter[int]()

    def count(self, length: int, *, fits: bool) -> None:
        """One more request, with so many entries."""
        self._fit += fits
        self._lengths[length] += 1
        total = self._lengths.total()
        if total >= self.LOOKED_AT:
            if self._fit < total * self.LEAST:
                self._say({"requests": total, "as_set": self._fit, "usual_entries": self._lengths.most_common(1)[0][0]})
            self._fit, self._lengths = 0, Counter()

    def misfit(self) -> dict[str, int]:
        """The numbers of whichever process found it within an hour; nothing if all is well."""
        found: dict[str, int] = cache.get(self._MARK) or {}
        return found

    def _say(self, numbers: dict[str, int]) -> None:
        log.warning(
            "of %(requests)s requests %(as_set)s came by the proxies that TRUSTED_PROXY_COUNT or TRUSTED_PROXIES "
            "names; X-Forwarded-For usually has %(usual_entries)s entries", numbers,
        )  # fmt: skip
        with suppress(RedisError):
            cache.set(self._MARK, numbers, self._KEPT_SECONDS)


CHAIN = Chain()


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
