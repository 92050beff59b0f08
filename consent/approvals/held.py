"""What agents asked, as part of a copy of a customer's data."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.held import show
from consent.models import ApprovalRequest

show(ApprovalRequest, _("What programs that act for you asked you to approve"), way="owner")
