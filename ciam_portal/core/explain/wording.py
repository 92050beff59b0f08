"""Words in three registers, translated when they are read."""

from dataclasses import dataclass

from ciam_portal.core.words import Text


@dataclass(frozen=True, slots=True)
class Words:
    """What the customer, the agent and the operator read about one code."""

    customer: Text
    agent: Text
    operator: Text
