"""How what is recorded of agents reads to the customer."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.timeline import plain, tell
from consent.agents import events

tell({events.AgentConnected: plain(_("You let an agent act for you"), kind="warn")}, silent=[events.AgentDisconnected])
