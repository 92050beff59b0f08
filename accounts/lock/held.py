"""What can be taken back, as part of a copy of a customer's data."""

from django.utils.translation import gettext_lazy as _

from accounts.models import Change
from ciam_portal.core.held import show

show(Change, _("Changes that can be taken back"))
