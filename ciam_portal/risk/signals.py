"""The facts that rule-like worries look at. A fact that is absent is None: it is never invented."""

from dataclasses import dataclass, replace

from ciam_portal.risk.evidence import Evidence

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
    """Since the e-mail address or phone number changed."""
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
    agent_absurd: bool | None = None
    """Is the user agent nothing a browser sends (far too long, control characters)?"""


def seen(
    known: Signals, evidence: Evidence | None, pace: Pace, usual: float | None, elsewhere: float | None
) -> Signals:
    """What is known of account and device, with what a sign-in itself shows.

    ``usual``: newcomers a day in its network, None if nobody knows; ``elsewhere``: seconds since a success in another
    country. Who is no newcomer to the network is no part of a burst there.
    """
    is_newcomer = evidence is not None and evidence.in_new_network and usual is not None
    return replace(
        known,
        seconds_since_last_use=evidence.gap if evidence and evidence.history else None,
        failures_on_account=pace.failures_on_account,
        failures_from_address=pace.failures_from_address,
        accounts_from_address=pace.accounts_from_address,
        accounts_from_asn=pace.newcomers_from_asn if is_newcomer else None,
        accounts_from_asn_usual=usual * HOURS / 24 if is_newcomer and usual is not None else None,
        sources_on_account=pace.sources_on_account,
        country_changed_seconds=elsewhere,
    )
