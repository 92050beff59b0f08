"""How what is recorded of the gateway reads to the customer."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.timeline import plain, tell
from ciam_portal.gateway import events

tell({events.AppEntered: plain(_("An app was opened"))}, silent=[events.RequestAnswered])
