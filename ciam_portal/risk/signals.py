"""The facts that rule-like worries look at. A fact that is absent is None: it is never invented."""

from dataclasses import dataclass


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
