"""How old somebody is where they live, who may answer for a child, and until when."""

from consent.family.policy.ages import band, begins, reached, rule, turns
from consent.family.policy.guardians import Adding, Consenting, consent_until, may_add, may_consent
from consent.family.policy.reasons import Reason
from consent.family.policy.together import (
    MOST,
    Agreeing,
    Case,
    Guarding,
    Joining,
    Staff,
    may_agree,
    may_answer,
    may_ask_removal,
    may_decide_removal,
    may_invite,
    may_join,
    may_leave,
    may_lift_protection,
    may_limit,
    may_propose_removal,
    may_protect,
    may_refuse,
    may_widen,
)

__all__ = [
    "MOST", "Adding", "Agreeing", "Case", "Consenting", "Guarding", "Joining", "Reason", "Staff", "band", "begins",
    "consent_until", "may_add", "may_agree", "may_answer", "may_ask_removal", "may_consent", "may_decide_removal",
    "may_invite", "may_join", "may_leave", "may_lift_protection", "may_limit", "may_propose_removal", "may_protect",
    "may_refuse", "may_widen", "reached", "rule", "turns",
]  # fmt: skip
