"""What the owner of an app asked for, as part of a copy of their data."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.console.models import ChangeRequest
from ciam_portal.core.held import show

show(ChangeRequest, _("Changes of apps that you asked for"), way="asked_by")
