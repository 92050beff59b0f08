"""Words in three registers, translated when they are read."""

from dataclasses import dataclass

from django.utils.functional import Promise

Text = str | Promise  # a text, or one that is translated when it is shown


@dataclass(frozen=True, slots=True)
class Words:
    """What the customer, the agent and the operator read about one code."""

    customer: Text
    agent: Text
    operator: Text
