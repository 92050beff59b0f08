"""How what is recorded of token exchange reads to the customer: not at all; the connected app is what they allowed."""

from ciam_portal.core.timeline import tell
from consent.exchange import events

tell({}, silent=[events.TokenExchanged, events.ExchangeRefused])
