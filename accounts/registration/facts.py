"""Gathers what the gate asks about a sign-up. The same whether or not the address has an account."""

import ipaddress
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection

from accounts.baseline import history
from accounts.budgets import velocity
from accounts.models import Device, HeldSignUp, User
from accounts.registration import policy
from accounts.step_up.facts import source_of
from ciam_portal.core import domains, gate, mailbox, network, places
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.policy import limits
from ciam_portal.core.risk.sign_up import SignUp
from ciam_portal.core.risk.signals import Pace

if TYPE_CHECKING:
    from accounts.sign_in.flows import Browser

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 18))"
_SHOWN = 20  # related ones of each kind
_TAKEN = {"address": "from_address", "network": "from_network", "asn": "from_asn", "domain": "at_domain"}


def of_sign_up(email: str, browser: "Browser", *, by: Actor, at: datetime) -> gate.Facts:
    """This sign-up, counted. What others do at the address of somebody's own browser is not that browser's doing."""
    own, form = browser.known or bool(browser.own), browser.form
    counts = velocity.signed_up(_groups(email, browser.seen, own=own), at)
    pace = (None if own else velocity.pace(source_of(email, browser.seen), at)) or Pace()
    found = counts or {}
    shown = SignUp(
        counted=counts is not None,
        **{fact: found.get(kind) for kind, fact in _TAKEN.items()},
        spellings=found.get("mailbox"),
        on_device=form.accounts,
        crowded=form.crowded and not own,
        disposable=domains.is_disposable(domains.domain_of(email)),
        takes_mail=domains.takes_mail(domains.domain_of(email)),
        filled_seconds=form.filled_seconds,
        trapped=form.trapped,
        blocklisted=places.blocklisted(browser.seen.address, browser.seen.asn),
        agent_absurd=browser.absurd,
        failures_from_address=pace.failures_from_address,
        accounts_from_address=pace.accounts_from_address,
    )
    return gate.Facts(channel=by.channel, session_live=None, challenged_at=form.challenged_at, sign_up=shown)


def opened_here(devices: tuple[Device, ...], at: datetime) -> int | None:
    """How many accounts were opened lately in the browser that shows these devices; None if it shows none."""
    if not devices:
        return None
    since = at - timedelta(days=limits.current().sign_up.device_days)
    keys = [device.pk for device in devices]
    return Device.objects.filter(pk__in=keys, customer__created_at__gt=since).values("customer").distinct().count()


def network_of(browser: "Browser") -> str:
    """The network that a sign-up comes from, hidden; nothing, if it is not known."""
    where = browser.seen.address
    return "" if where == network.UNKNOWN else history.hidden("network", network.prefix(where))


def holding(browser: "Browser") -> policy.HoldFacts:
    """What of the same flood waits already. No other one of it comes between before this transaction is through."""
    where = network_of(browser)
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [where])
    return policy.HoldFacts(waiting=HeldSignUp.objects.alike(where).count())


def bits_for(decision: UUID | None) -> int:
    """How much work passes this challenge: more, the more worried it, whoever caused what worries."""
    rules = limits.current().sign_up
    entry = DecisionEntry.objects.filter(pk=decision).first() if decision else None
    effort = math.fsum(points for _code, points in entry.findings) if entry else rules.challenge_score
    return min(rules.most_work_bits, rules.work_bits + math.floor(max(0.0, effort - rules.challenge_score)))


@dataclass(frozen=True, slots=True)
class Related:
    """What a held sign-up has in common with others: accounts of the same browser, and held from the same place."""

    accounts: tuple[User, ...]
    same_address: tuple[HeldSignUp, ...]
    same_network: tuple[HeldSignUp, ...]


def related(held: HeldSignUp) -> Related:
    """The latest of each; three statements at most."""
    accounts = User.objects.filter(devices__in=held.devices).distinct().order_by("-created_at") if held.devices else ()
    others = HeldSignUp.objects.exclude(customer=held.customer_id).select_related("customer").order_by("-opened_at")
    nearby = others.exclude(source=held.source).filter(network=held.network) if held.network else ()
    alike = others.filter(source=held.source) if held.source else ()
    return Related(tuple(accounts[:_SHOWN]), tuple(alike[:_SHOWN]), tuple(nearby[:_SHOWN]))


def _groups(email: str, seen: history.Seen, *, own: bool) -> dict[str, tuple[str, str]]:
    """In which groups it counts, and as whom. Whatever comes from this very machine shares an address with nobody."""
    reader, domain = mailbox.reader(email), domains.domain_of(email)
    one = velocity.pseudonym(reader, "mailbox")
    groups = {"mailbox": (one, velocity.pseudonym(email, "spelling"))}
    if not domains.is_everybodys(domain):
        groups["domain"] = (velocity.pseudonym(domain, "domain"), one)
    if not own and seen.address != network.UNKNOWN and not ipaddress.ip_address(seen.address).is_loopback:
        groups["address"] = (history.hidden("address", network.source(seen.address)), one)
        groups["network"] = (velocity.pseudonym(network.prefix(seen.address), "network"), one)
        if seen.asn is not None:
            groups["asn"] = (velocity.pseudonym(str(seen.asn), "asn"), one)
    return groups
