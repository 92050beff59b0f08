"""Applications behind the gateway, as part of a copy of a customer's data."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.held import show
from ciam_portal.gateway.models import Entry

show(Entry, _("Applications in which you are signed in"))
