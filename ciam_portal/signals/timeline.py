"""How what is recorded of streams reads to a customer: it is a partner's business."""

from ciam_portal.core.timeline import tell
from ciam_portal.signals import events

tell(
    {},
    silent=[events.StreamCreated, events.StreamChanged, events.StreamStatusChanged, events.StreamDeleted],
)
