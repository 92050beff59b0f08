"""Recovery addresses, as part of a copy of a customer's data."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.held import show
from recovery.models import RecoveryAddress

show(RecoveryAddress, _("Recovery addresses and phone numbers"))
