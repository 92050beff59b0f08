"""How old somebody is where they live, who may answer for a child, and until when."""

from consent.family.policy.ages import band, begins, reached, rule, turns
from consent.family.policy.guardians import Adding, Consenting, consent_until, may_add, may_consent
from consent.family.policy.reasons import Reason

__all__ = [
    "Adding", "Consenting", "Reason", "band", "begins", "consent_until", "may_add", "may_consent", "reached", "rule",
    "turns",
]  # fmt: skip
