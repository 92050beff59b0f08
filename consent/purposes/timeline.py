"""How what is recorded of purposes reads to the customer: not at all, it is about nobody."""

from ciam_portal.core.timeline import tell
from consent.purposes import events

tell(
    {},
    silent=[
        events.PurposesInstalled, events.PurposeDrafted, events.PurposeProposed, events.PurposeApproved,
        events.PurposeRejected, events.PurposeActivated, events.PurposeRetired,
    ],
)  # fmt: skip
