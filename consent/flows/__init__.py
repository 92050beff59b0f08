"""Verbs of consent: what a customer allows (``permission``), what a partner receives for it (``exchange``)."""

from consent.flows.exchange import Exchanged, authorize_partner, give_back, redeem, refresh
from consent.flows.permission import deny, give, let_in, narrow, withdraw, withdraw_since

__all__ = [
    "Exchanged",
    "authorize_partner",
    "deny",
    "give",
    "give_back",
    "let_in",
    "narrow",
    "redeem",
    "refresh",
    "withdraw",
    "withdraw_since",
]
