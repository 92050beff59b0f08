"""What is usual for a customer, as part of a copy of their data."""

from django.utils.translation import gettext_lazy as _

from accounts.models import PopulationCount, Profile
from ciam_portal.core.held import leave_out, show

show(Profile, _("What is usual for your sign-ins"))
leave_out(
    PopulationCount, _("How often something is seen at all customers together. It says of nobody that it was them.")
)
