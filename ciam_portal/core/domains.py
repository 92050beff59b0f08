"""What is known of a mail domain: is it for addresses that are thrown away, do crowds share it, does it take mail?

The first comes from ``disposable-email-domains`` (CC0 data in a package refreshed weekly), pinned with its hash:
``make lock ARGS="--upgrade-package disposable-email-domains"`` takes a newer one. Whether a domain takes mail is asked
of DNS through an interface: ``settings.MAIL_DOMAINS`` names what answers, ``Dns`` or the twin that asks nobody.
"""

from contextlib import suppress
from functools import cache
from typing import Any, Protocol

import disposable_email_domains
import dns.exception
import dns.resolver
from django.conf import settings
from django.core.cache import cache as shared
from django.utils.module_loading import import_string
from redis.exceptions import RedisError

from ciam_portal.core.crypto import codes

_KEPT_SECONDS = 86_400  # what DNS has said
_UNSAID_SECONDS = 60  # that it said nothing
_PATIENCE_SECONDS = 0.5  # a sign-up does not wait longer for somebody else's name server

EVERYBODYS = frozenset({
    "aol.com", "fastmail.com", "free.fr", "gmail.com", "gmx.at", "gmx.ch", "gmx.de", "gmx.net", "googlemail.com",
    "hotmail.com", "icloud.com", "laposte.net", "libero.it", "live.com", "mac.com", "mail.com", "mail.ru", "me.com",
    "mozmail.com", "msn.com", "naver.com", "online.no", "orange.fr", "outlook.com", "pm.me", "posteo.de",
    "privaterelay.appleid.com", "proton.me", "protonmail.com", "qq.com", "seznam.cz", "t-online.de", "tuta.com",
    "web.de", "yahoo.com", "yandex.ru", "163.com", "duck.com",
})  # fmt: skip
"""Providers and relays that so many people use that the domain says nothing of who they are."""


class Domains(Protocol):
    """Who is asked about a mail domain."""

    def takes_mail(self, domain: str) -> bool | None:
        """Whether mail can go there; None: not known."""


class Unasked:
    """The twin: asks nobody, and knows only what can never be a mail domain (RFC 2606, RFC 6761)."""

    def takes_mail(self, domain: str) -> bool | None:
        """False for a name that is reserved for nothing, else not known."""
        return False if domain.rpartition(".")[2] == "invalid" else None


class Dns:
    """The system's resolver, for half a second at most."""

    def takes_mail(self, domain: str) -> bool | None:
        """By its MX records, or without any by its address (RFC 5321, section 5.1); a null MX takes none (RFC 7505)."""
        try:
            found = _ask(domain, "MX")
            if found:
                return any(str(each.exchange) != "." for each in found)
            return bool(_ask(domain, "A") or _ask(domain, "AAAA"))
        except dns.resolver.NXDOMAIN:
            return False
        except (dns.exception.DNSException, OSError):
            return None


def domain_of(address: str) -> str:
    """The domain of a canonical address."""
    return address.rpartition("@")[2]


def is_disposable(domain: str) -> bool:
    """Whether the domain, or one that it lies in, is listed as one for addresses that are thrown away."""
    labels = domain.split(".")
    parents = [".".join(labels[start:]) for start in range(len(labels) - 1)]
    return any(each in disposable_email_domains.blocklist for each in parents)


def takes_mail(domain: str) -> bool | None:
    """Whether the domain takes mail, as far as it is known; asked once a day, whoever wants to know."""
    if domain in EVERYBODYS:
        return True
    key = f"mail-domain:{codes.pseudonym(domain, 'mail domain')}"
    with suppress(RedisError):
        kept = shared.get(key)
        if kept is not None:
            return {"yes": True, "no": False}.get(kept)
    found = _asked().takes_mail(domain)
    with suppress(RedisError):
        said, life = ("", _UNSAID_SECONDS) if found is None else ("yes" if found else "no", _KEPT_SECONDS)
        shared.set(key, said, life)
    return found


@cache
def _asked() -> Domains:
    chosen: Domains = import_string(settings.MAIL_DOMAINS)()
    return chosen


def _ask(domain: str, kind: str) -> list[Any]:
    try:
        return list(dns.resolver.resolve(f"{domain}.", kind, lifetime=_PATIENCE_SECONDS))
    except dns.resolver.NoAnswer:
        return []
