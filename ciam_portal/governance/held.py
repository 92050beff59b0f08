"""What staff proposed of the policy is in nobody's copy of their data."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.held import leave_out
from ciam_portal.governance.models import PolicyVersion, Replay

_WORK = _("Work of our staff. It is about no customer.")

leave_out(PolicyVersion, _WORK)
leave_out(Replay, _WORK)
