"""Why was it decided so? One decision in three registers of plain words, from the same codes.

The customer's register names no threshold and no single signal that somebody else could learn to avoid. The agent's
says what to check with the caller. The operator's is exact. Whatever can appear in a decision has words in all three;
a test demands them.
"""

from ciam_portal.core.explain.actions import doing
from ciam_portal.core.explain.registers import Entry, for_agent, for_customer, for_newcomer, for_operator

__all__ = ["Entry", "doing", "for_agent", "for_customer", "for_newcomer", "for_operator"]
