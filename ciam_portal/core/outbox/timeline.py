"""How what is recorded of the outbox reads to the customer: it is an operator's business."""

from ciam_portal.core.outbox import events
from ciam_portal.core.timeline import tell

tell({}, silent=[events.NoticesSentAgain])
