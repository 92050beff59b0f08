"""What kinds of partner there are, and what each must do: one object for each kind, asked wherever it matters."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for a kind of partner."""

    customers: bool = True
    """Customers sign in to it; one that they do not acts for itself (RFC 6749 section 4.4)."""
    public: bool = False
    """Runs where it can keep no secret (RFC 6749 section 2.1)."""
    keyed: bool = False
    """Proves who it is with a key of its own (RFC 7523), never with a secret that we know too."""
    pushed: bool = False
    """Asks by pushed authorization requests only (RFC 9126)."""
    bound: bool = False
    """Its tokens are bound to a key of its (RFC 9449)."""
    nonce_suffices: bool = False
    """One that sends a ``nonce`` may come without PKCE (RFC 9700 section 2.1.1)."""
    by_device: bool = False
    """Runs where nobody types: its customers allow it on another device (RFC 8628), and in no other way."""
    on_devices: bool = False
    """Is sent back to on the customer's device: a port of its own, a scheme of its own (RFC 8252 section 7)."""
    in_browsers: bool = False
    """Reads our answers from a page, from the origins of its redirect URIs (CORS)."""
    agent: bool = False
    """Acts by itself for customers, as their delegate: signs nobody in, and each token is for one resource."""
    asks: bool = False
    """Asks its customers while they are elsewhere (OpenID CIBA): one that proves who it is."""


class Kind(StrEnum):
    """What a partner is to its customers."""

    APP = "app"
    SERVICE = "service"
    AGENT = "agent"


class Profile(StrEnum):
    """The kinds."""

    STANDARD = "standard"
    OPENID = "openid"
    FAPI2 = "fapi2"
    NATIVE = "native"
    BROWSER = "browser"
    DEVICE = "device"
    SERVICE = "service"
    AGENT = "agent"
    AGENT_APP = "agent_app"

    @property
    def rules(self) -> Rules:
        """What holds for it."""
        return _RULES[self]

    @property
    def kind(self) -> Kind:
        """What it is to its customers."""
        if self.rules.agent:
            return Kind.AGENT
        return Kind.APP if self.rules.customers else Kind.SERVICE


_RULES = {
    Profile.STANDARD: Rules(),
    Profile.OPENID: Rules(nonce_suffices=True),
    Profile.FAPI2: Rules(keyed=True, pushed=True, bound=True),
    Profile.NATIVE: Rules(public=True, on_devices=True),
    Profile.BROWSER: Rules(public=True, in_browsers=True),
    Profile.DEVICE: Rules(public=True, by_device=True),
    Profile.SERVICE: Rules(customers=False),
    Profile.AGENT: Rules(keyed=True, bound=True, agent=True, asks=True),
    Profile.AGENT_APP: Rules(public=True, bound=True, on_devices=True, agent=True),
}
AGENTS = tuple(each.value for each in Profile if each.kind is Kind.AGENT)
