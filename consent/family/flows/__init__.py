"""The verbs of families."""

from consent.family.flows import coming, protection, removal
from consent.family.flows.adding import add, answer, take_on
from consent.family.flows.powers import limit, widen
from consent.family.flows.together import agree, decline, invite, join, lapse, leave, refuse

__all__ = [
    "add", "agree", "answer", "coming", "decline", "invite", "join", "lapse", "leave", "limit", "protection", "refuse",
    "removal", "take_on", "widen",
]  # fmt: skip
