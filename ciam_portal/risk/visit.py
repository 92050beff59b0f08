"""What one sign-in showed, as opaque texts. The model compares them with each other and never reads them."""

from dataclasses import dataclass
from enum import StrEnum


class Feature(StrEnum):
    """One thing a sign-in shows. The order is the order in which the model asks: coarse before fine."""

    DEVICE = "device"
    COUNTRY = "country"
    ASN = "asn"
    PREFIX = "prefix"
    ADDRESS = "address"
    SYSTEM = "system"
    KIND = "kind"
    BROWSER = "browser"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Visit:
    """One sign-in. Each value is a digest or short code of at most 64 characters; "" means that it is absent."""

    address: str = ""
    """The network address."""
    prefix: str = ""
    """The network prefix it lies in (for example /24 or /48)."""
    asn: str = ""
    """The autonomous system that announces it."""
    country: str = ""
    """The country it is used in."""
    agent: str = ""
    """The whole user agent."""
    browser: str = ""
    """The browser's family, without version."""
    system: str = ""
    """The operating system's family, without version."""
    kind: str = ""
    """The type of device: mobile, desktop, tablet …"""
    device: str = ""
    """The key the device keeps for us. When asking: the key it sent, "" for none. When learning: the key it now has."""

    def value(self, feature: Feature) -> str:
        """What this visit showed of one feature."""
        shown: str = getattr(self, feature.value)
        return shown


FINE = (Feature.ADDRESS, Feature.AGENT)
"""Features whose values change by themselves as time goes by: leases end, browsers update."""


def parent(feature: Feature, visit: Visit) -> Feature | None:
    """The coarser feature within which this one is chosen, among those that the visit shows."""
    match feature:
        case Feature.ASN:
            return Feature.COUNTRY if visit.country else None
        case Feature.PREFIX:
            return Feature.ASN if visit.asn else parent(Feature.ASN, visit)
        case Feature.ADDRESS:
            return Feature.PREFIX if visit.prefix else parent(Feature.PREFIX, visit)
        case Feature.KIND | Feature.BROWSER:
            return Feature.SYSTEM if visit.system else None
        case Feature.AGENT:
            return Feature.BROWSER if visit.browser else parent(Feature.BROWSER, visit)
        case _:
            return None
