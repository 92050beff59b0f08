"""Who may let whom act, what may be delegated, and whether a delegate may do something now."""

from consent.delegation.policy.acting import (
    SCOPES,
    Acting,
    Reach,
    counts,
    has_amount,
    may_act,
    may_be_delegated,
    open_to,
)
from consent.delegation.policy.making import (
    Answering,
    Asking,
    Holder,
    Offer,
    Pair,
    Standing,
    closed_until,
    may_agree,
    may_answer,
    may_ask,
    may_end,
    may_expire,
    may_let,
    may_narrow,
    may_offer,
    may_pause,
    may_remind,
    may_resume,
    may_widen,
    wrong_with,
)
from consent.delegation.policy.reasons import Reason

__all__ = [
    "SCOPES", "Acting", "Answering", "Asking", "Holder", "Offer", "Pair", "Reach", "Reason", "Standing", "closed_until",
    "counts", "has_amount", "may_act", "may_agree", "may_answer", "may_ask", "may_be_delegated", "may_end",
    "may_expire", "may_let", "may_narrow", "may_offer", "may_pause", "may_remind", "may_resume", "may_widen",
    "open_to", "wrong_with",
]  # fmt: skip
