"""What is brought or given as a whole is in nobody's copy of their data."""

from django.utils.translation import gettext_lazy as _

from accounts.models import Move
from ciam_portal.core.held import leave_out

leave_out(Move, _("Numbers of files with many customers, and who of our staff approved them."))
