"""How what is recorded of services reads to the customer: not at all. What they used stands in the use ledger."""

from ciam_portal.core.timeline import tell
from consent.data_use import events

tell({}, silent=[events.PartnerMayUse])
