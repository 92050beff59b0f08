"""What is kept of staff, as part of a copy of their own data."""

from django.utils.translation import gettext_lazy as _

from accounts.models import BreakGlass, RoleChange
from ciam_portal.core.held import show

show(RoleChange, _("Changes of your roles as staff"))
show(BreakGlass, _("Roles that you took in an emergency"))
