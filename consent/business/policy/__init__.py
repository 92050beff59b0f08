"""Who may look after a business, who belongs to it, and what removing an owner takes."""

from consent.business.policy.members import (
    Answering,
    Founding,
    Inviting,
    Manager,
    Member,
    Saving,
    may_answer,
    may_assign,
    may_close,
    may_drop_role,
    may_found,
    may_invite,
    may_join,
    may_lapse,
    may_leave,
    may_let_go_on,
    may_make_owner,
    may_manage,
    may_pause,
    may_remove,
    may_save_role,
    may_step_down,
    may_take_back,
)
from consent.business.policy.reasons import Reason
from consent.business.policy.removing import (
    Case,
    Helper,
    Owner,
    has_rested,
    may_agree,
    may_ask_removal,
    may_call_off,
    may_carry_out,
    may_object,
    may_propose_verdict,
    may_settle,
)

__all__ = [
    "Answering", "Case", "Founding", "Helper", "Inviting", "Manager", "Member", "Owner", "Reason", "Saving",
    "has_rested", "may_agree", "may_answer", "may_ask_removal", "may_assign", "may_call_off", "may_carry_out",
    "may_close", "may_drop_role", "may_found", "may_invite", "may_join", "may_lapse", "may_leave", "may_let_go_on",
    "may_make_owner", "may_manage", "may_object", "may_pause", "may_propose_verdict", "may_remove", "may_save_role",
    "may_settle", "may_step_down", "may_take_back",
]  # fmt: skip
