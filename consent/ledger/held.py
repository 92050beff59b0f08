"""The use ledger, as part of a copy of a customer's data."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.held import show
from consent.models import Use

show(Use, _("Who used your data"))
