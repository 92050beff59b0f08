"""The verbs of businesses."""

from consent.business.flows.invitations import invite, join, lapse, refuse, take_back
from consent.business.flows.life import close, found, keep, rename
from consent.business.flows.members import (
    assign,
    leave,
    let_go_on,
    make_owner,
    pause,
    remove,
    rest_all,
    step_down,
)
from consent.business.flows.removing import agree, ask, call_off, carry_out, is_due, object_to, propose, settle
from consent.business.flows.roles import Wanted, drop, save

__all__ = [
    "Wanted", "agree", "ask", "assign", "call_off", "carry_out", "close", "drop", "found", "invite", "is_due", "join",
    "keep", "lapse", "leave", "let_go_on", "make_owner", "object_to", "pause", "propose", "refuse", "remove", "rename",
    "rest_all", "save", "settle", "step_down", "take_back",
]  # fmt: skip
