"""What one sign-in showed, as opaque texts. The model compares them with each other and never reads them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


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
        shown: str = getattr(self, feature)
        return shown


WITHIN: Mapping[Feature, tuple[Feature, ...]] = MappingProxyType(
    {
        Feature.DEVICE: (),
        Feature.COUNTRY: (),
        Feature.ASN: (Feature.COUNTRY,),
        Feature.PREFIX: (Feature.ASN, Feature.COUNTRY),
        Feature.ADDRESS: (Feature.PREFIX, Feature.ASN, Feature.COUNTRY),
        Feature.SYSTEM: (),
        Feature.KIND: (Feature.SYSTEM,),
        Feature.BROWSER: (Feature.SYSTEM,),
        Feature.AGENT: (Feature.BROWSER, Feature.SYSTEM),
    }
)
"""The coarser features within which each is chosen, the nearest first."""
DECIDED = frozenset({Feature.ASN, Feature.PREFIX, Feature.ADDRESS, Feature.AGENT})
"""Where a new coarser value leaves nothing to ask: whoever is in a new country is in a new network."""
NETWORK = frozenset({Feature.COUNTRY, Feature.ASN})
"""What says that somebody is elsewhere than usual."""


def within(feature: Feature, visit: Visit) -> Feature | None:
    """The nearest coarser feature that the visit shows."""
    return next((each for each in WITHIN[feature] if visit.value(each)), None)
