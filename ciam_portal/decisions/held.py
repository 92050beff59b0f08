"""Approvals that partners asked for, as part of a copy of a customer's data."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.held import show
from ciam_portal.decisions.models import Approval

show(Approval, _("What apps had approved"))
