"""With which mail domain an account began, as part of a copy of a customer's data."""

from django.utils.translation import gettext_lazy as _

from accounts.models import Beginning, PassedDomain
from ciam_portal.core.held import leave_out, show

show(Beginning, _("With which mail domain your account began, and whether it waits for more to go by"))
leave_out(PassedDomain, _("Mail domains of organizations that our staff know; nothing about you."))
