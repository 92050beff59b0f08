"""The verbs of delegations."""

from consent.delegation.flows.counting import count, counted
from consent.delegation.flows.life import (
    ENDED,
    begin,
    change,
    end,
    end_all,
    expire,
    held,
    leave,
    narrow,
    pause,
    remind,
    renew,
    resume,
    stop,
)
from consent.delegation.flows.offers import Wish, accept, ask, decline, grant, lapse, offer, refuse, withdraw

__all__ = [
    "ENDED", "Wish", "accept", "ask", "begin", "change", "count", "counted", "decline", "end", "end_all", "expire",
    "grant", "held", "lapse", "leave", "narrow", "offer", "pause", "refuse", "remind", "renew", "resume", "stop",
    "withdraw",
]  # fmt: skip
