"""What is known of a mail domain: is it for addresses that are thrown away, do crowds share it, where does mail go?

The first comes from ``disposable-email-domains`` (CC0 data in a package refreshed weekly), pinned with its hash:
``make lock ARGS="--upgrade-package disposable-email-domains"`` takes a newer one. Which part of a name somebody has
bought is in ``publicsuffixlist``, another such package. Whether a domain takes mail is asked of DNS through an
interface: ``settings.MAIL_DOMAINS`` names what answers, ``Dns`` or the twin that asks nobody.
"""

from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import disposable_email_domains
import dns.exception
import dns.resolver
from django.conf import settings
from django.core.cache import cache as shared
from django.utils.module_loading import import_string
from publicsuffixlist import PublicSuffixList
from redis.exceptions import RedisError

from ciam_portal.core.crypto import codes
from ciam_portal.core.network import prefix

_KEPT_SECONDS = 86_400  # what DNS has said
_UNSAID_SECONDS = 60  # that it said nothing
_PATIENCE_SECONDS = 0.5  # a sign-up does not wait longer for somebody else's name server

EVERYBODYS = frozenset(Path(__file__).with_name("public_mail.txt").read_text(encoding="ascii").split())
"""Providers and relays that so many people use that the domain says nothing of who they are."""

_HOSTS = (
    "amazonaws.com", "arubabusiness.it", "domeneshop.no", "fastmail.com", "forwardemail.net", "gandi.net", "google.com",
    "googlemail.com", "hostinger.com", "icloud.com", "infomaniak.ch", "ionos.com", "kundenserver.de", "loopia.se",
    "mailbox.org", "mailgun.org", "messagelabs.com", "messagingengine.com", "migadu.com", "mimecast.com",
    "mxlogin.com", "mxrecord.io", "one.com", "outlook.com", "ovh.net", "posteo.de", "pphosted.com", "privateemail.com",
    "protonmail.ch", "qq.com", "register.it", "rzone.de", "secureserver.net", "securemail.pro", "simplelogin.co",
    "strato.de", "transip.email", "tutanota.de", "udag.de", "yahoodns.net", "yandex.net", "zoho.com", "zoho.eu",
)  # fmt: skip
"""Whose machines take mail for anybody's domain: that two domains have theirs there says nothing of who they are."""


@dataclass(frozen=True, slots=True)
class Mail:
    """Whether a domain takes mail (None: not known), and in which network (/24, /48); "": not known, or anybody's."""

    taken: bool | None = None
    host: str = ""


class Domains(Protocol):
    """Who is asked about a mail domain."""

    def look(self, domain: str) -> Mail:
        """Where mail for it goes."""


class Unasked:
    """The twin: asks nobody, and knows only what can never be a mail domain (RFC 2606, RFC 6761)."""

    def look(self, domain: str) -> Mail:
        """None goes to a name that is reserved for nothing; else it is not known."""
        return Mail(taken=False) if domain.rpartition(".")[2] == "invalid" else Mail()


class Dns:
    """The system's resolver, for half a second each at most."""

    def look(self, domain: str) -> Mail:
        """By its MX records, or without any by its address (RFC 5321, section 5.1); a null MX takes none (RFC 7505)."""
        try:
            found = sorted(_ask(domain, "MX"), key=lambda each: (each.preference, str(each.exchange)))
            names = [str(each.exchange).rstrip(".").lower() for each in found if str(each.exchange) != "."]
            if found and not names:
                return Mail(taken=False)
            return _at(names[0]) if names else _direct(domain)
        except dns.resolver.NXDOMAIN:
            return Mail(taken=False)
        except (dns.exception.DNSException, OSError):
            return Mail()


def _at(host: str) -> Mail:
    if owner(host) in _HOSTS:
        return Mail(taken=True)
    with suppress(dns.exception.DNSException, OSError):
        return Mail(taken=True, host=_network(host))
    return Mail(taken=True)


def _direct(domain: str) -> Mail:
    network = _network(domain)
    return Mail(taken=bool(network), host=network)


def _network(name: str) -> str:
    found = sorted(str(each) for kind in ("A", "AAAA") for each in _ask(name, kind))
    return prefix(found[0]) if found else ""


def domain_of(address: str) -> str:
    """The domain of a canonical address."""
    return address.rpartition("@")[2]


def is_disposable(domain: str) -> bool:
    """Whether the domain, or one that it lies in, is listed as one for addresses that are thrown away."""
    labels = domain.split(".")
    parents = [".".join(labels[start:]) for start in range(len(labels) - 1)]
    return any(each in disposable_email_domains.blocklist for each in parents)


def owner(domain: str) -> str:
    """The part of it that somebody has bought: whoever has that has all below it."""
    return str(_suffixes().privatesuffix(domain) or domain)


def is_everybodys(domain: str) -> bool:
    """Whether so many people have their mail there that it says nothing of who they are."""
    return domain in EVERYBODYS


def takes_mail(domain: str) -> bool | None:
    """Whether the domain takes mail, as far as it is known."""
    return mail(domain).taken


def mail(domain: str) -> Mail:
    """Where its mail goes, as far as it is known; asked once a day, whoever wants to know."""
    if is_everybodys(domain):
        return Mail(taken=True)
    key = f"mail-domain:{codes.pseudonym(domain, 'mail domain')}"
    with suppress(RedisError):
        kept = shared.get(key)
        if kept is not None:
            taken, _space, host = kept.partition(" ")
            return Mail({"yes": True, "no": False}.get(taken), host)
    found = _asked().look(domain)
    with suppress(RedisError):
        said, life = ("", _UNSAID_SECONDS) if found.taken is None else ("yes" if found.taken else "no", _KEPT_SECONDS)
        shared.set(key, f"{said} {found.host}", life)
    return found


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(only_icann=True)


@cache
def _asked() -> Domains:
    chosen: Domains = import_string(settings.MAIL_DOMAINS)()
    return chosen


def _ask(domain: str, kind: str) -> list[Any]:
    try:
        return list(dns.resolver.resolve(f"{domain}.", kind, lifetime=_PATIENCE_SECONDS))
    except dns.resolver.NoAnswer:
        return []
