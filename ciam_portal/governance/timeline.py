"""How what is recorded of policies reads to the customer."""

from ciam_portal.core.timeline import tell
from ciam_portal.governance import events

tell(
    {},
    silent=[
        events.ModelKept, events.PolicyFound, events.PolicyReplayed, events.PolicyProposed, events.PolicyApproved,
        events.PolicyUpgraded, events.PolicyRejected, events.KeyTookOver, events.KeyReleased,
    ],
)  # fmt: skip
