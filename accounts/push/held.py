"""What is kept of browsers that are told things, as their customer reads it in a copy of their data."""

from django.utils.translation import gettext_lazy as _

from accounts.models import PushSubscription
from ciam_portal.core.held import show

show(PushSubscription, _("Browsers that show notices"), way="session__customer")
