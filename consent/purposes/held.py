"""Purposes are about nobody: who of the staff wrote and approved one is in nobody's copy of their data."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.held import leave_out
from consent.models import PurposeVersion

leave_out(PurposeVersion, _("Work of our staff. It is about no customer."))
