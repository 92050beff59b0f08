"""The verbs of families."""

from consent.family.flows.adding import add, answer, take_on

__all__ = ["add", "answer", "take_on"]
