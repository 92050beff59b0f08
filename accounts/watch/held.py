"""What is found over all customers is in nobody's copy of their data."""

from django.utils.translation import gettext_lazy as _

from accounts.models import Alert
from ciam_portal.core.held import leave_out

leave_out(Alert, _("Numbers over all customers, and who of our staff looked at them."))
