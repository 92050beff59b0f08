"""What is counted of messages is in nobody's copy of their data."""

from django.utils.translation import gettext_lazy as _

from accounts.models import Outgoing
from ciam_portal.core.held import leave_out

leave_out(Outgoing, _("How many messages went out, counted under numbers that name nobody, and forgotten after days."))
