"""When do many customers who share something, or a session that has moved, become a worry? Findings, with points."""

from ciam_portal.core.policy.decision import Finding
from ciam_portal.core.risk import rules
from ciam_portal.core.risk.parameters import LIMITS, Steps
from ciam_portal.core.risk.signals import Signals
from ciam_portal.core.risk.visit import Feature

ACCOUNTS_ON_DEVICE: Steps = ((5, 2.0), (10, 4.0))
"""Different customers whose sign-ins carried one device key; a household's computer easily reaches a few."""
MOVED_NETWORK, MOVED_BROWSER = 1.0, 5.0
"""People move about with their phones; a browser never turns into another one, a stolen cookie does."""
MOVED_BOTH = 10.0
"""Another browser on another network: whoever holds this session is elsewhere. Severe, and nobody can cause it who does
not hold the session."""


def newcomers(feature: Feature, found: int, usual: float) -> Finding | None:
    """More customers than usual came from one network that was new to each of them."""
    signals = Signals(accounts_from_asn=found, accounts_from_asn_usual=usual)
    burst = rules.burst(signals, LIMITS)
    return None if burst is None else Finding(f"burst_{feature.value}", burst.points)


def one_agent(found: int, expected: float) -> Finding | None:
    """More customers than its commonness explains came with one user agent and nothing that they had used before."""
    return newcomers(Feature.AGENT, found, expected)


def one_device(customers: int) -> Finding | None:
    """Many customers sign in from one and the same browser."""
    points = max((points for bound, points in ACCOUNTS_ON_DEVICE if customers >= bound), default=0.0)
    return Finding("many_accounts_on_device", points) if points else None


def moved(*, network: bool, browser: bool) -> Finding | None:
    """The session is no longer where it began."""
    if network and browser:
        return Finding("session_elsewhere", MOVED_BOTH)
    if browser:
        return Finding("session_browser_changed", MOVED_BROWSER)
    return Finding("session_network_changed", MOVED_NETWORK) if network else None
