"""The facts that rule-like worries look at. A fact that is absent is None: it is never invented."""

from dataclasses import dataclass, replace
from datetime import datetime

from ciam_portal.core.risk.evidence import Evidence
from ciam_portal.core.risk.population import Rarity
from ciam_portal.core.risk.profile import Profile
from ciam_portal.core.risk.visit import Visit

WINDOW = 3600
"""Seconds of the fixed windows that attempts are counted in; a count is the sum of this window's and the last one's."""
HOURS = 1.5
"""What such a count covers on average."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Counts over the last one to two windows. ``None`` is not known."""

    failures_on_account: int | None = None
    failures_from_address: int | None = None
    accounts_from_address: int | None = None
    newcomers_from_asn: int | None = None
    sources_on_account: int | None = None


@dataclass(frozen=True, slots=True)
class Signals:
    """What surrounds one sign-in or sensitive action. Times are seconds before it; counts cover a recent window."""

    seconds_since_last_use: float | None = None
    """Since the customer's last successful sign-in."""
    account_age_seconds: float | None = None
    """Since the account was opened."""
    failures_on_account: int | None = None
    """Recent failed attempts on this account."""
    failures_from_address: int | None = None
    """Recent failed attempts from this address, on whatever account."""
    accounts_from_address: int | None = None
    """Different accounts recently tried from this address."""
    accounts_from_asn: int | None = None
    """Different accounts, this one included, that recently signed in from this network (AS) for their first time."""
    accounts_from_asn_usual: float | None = None
    """How many such newcomers this network brings in as long a window on average (see ``rules.burst``)."""
    sources_on_account: int | None = None
    """Different addresses that recently failed on this account."""
    country_changed_seconds: float | None = None
    """Since a success in another country than now; None if the last success was in this one."""
    recovered_seconds: float | None = None
    """Since the account was recovered."""
    contact_changed_seconds: float | None = None
    """Since the email address or phone number changed."""
    password_breached: bool | None = None
    """Is the password known from a breach?"""
    blocklisted: bool | None = None
    """Is the address on a list of known attack sources?"""
    device_known: bool | None = None
    """Did it come with a device key of this customer?"""
    device_age_seconds: float | None = None
    """Since that key was first seen."""
    device_elsewhere: bool | None = None
    """Was that key first seen with another system or browser family? A stolen cookie looks like this."""
    key_abroad: bool | None = None
    """Did a known key come from a country and a network that are both new to this customer?"""
    agent_absurd: bool | None = None
    """Is the user agent nothing a browser sends (far too long, control characters)?"""


@dataclass(frozen=True, slots=True)
class Past:
    """What the past says about a visit. Left out is what nobody knows."""

    newcomers: float | None = None
    """Customers a day who come from its network (AS) for their first time."""
    elsewhere: float | None = None
    """Seconds since the customer's last success, if that was in another country."""
    abroad: bool | None = None
    """Are country and network both new to the customer?"""

    @classmethod
    def of(cls, profile: Profile, rarity: Rarity, visit: Visit, at: datetime) -> "Past":
        """From the customer's profile and everybody's counts."""
        return cls(rarity.newcomers, profile.elsewhere(visit, at), profile.is_abroad(visit))


def seen(known: Signals, evidence: Evidence | None, pace: Pace, past: Past) -> Signals:
    """What is known of account and device, with what a sign-in itself shows.

    Who is no newcomer to the network is no part of a burst there.
    """
    usual = past.newcomers if evidence is not None and evidence.in_new_network else None
    return replace(
        known,
        seconds_since_last_use=evidence.gap if evidence and evidence.history else None,
        failures_on_account=pace.failures_on_account,
        failures_from_address=pace.failures_from_address,
        accounts_from_address=pace.accounts_from_address,
        accounts_from_asn=None if usual is None else pace.newcomers_from_asn,
        accounts_from_asn_usual=None if usual is None else usual * HOURS / 24,
        sources_on_account=pace.sources_on_account,
        country_changed_seconds=past.elsewhere,
        key_abroad=past.abroad and known.device_known,
    )
