"""The verbs of successors and of their cases."""

from recovery.succession.flows.case import BEGUN, OVER, approve, begin, note, open_case, propose, reject, tell_again
from recovery.succession.flows.naming import accept, decline, name, remove
from recovery.succession.flows.stopping import stop_by_link, stop_here

__all__ = [
    "BEGUN", "OVER", "accept", "approve", "begin", "decline", "name", "note", "open_case", "propose", "reject",
    "remove", "stop_by_link", "stop_here", "tell_again",
]  # fmt: skip
