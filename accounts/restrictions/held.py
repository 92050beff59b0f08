"""Restrictions by staff, as part of a copy of a customer's data: with the reason that they were told."""

from django.utils.translation import gettext_lazy as _

from accounts.models import Restriction
from accounts.restrictions.policy import WhyRestrict, told
from ciam_portal.core.held import show
from ciam_portal.core.words import sentence

show(
    Restriction,
    _("Restrictions by our staff"),
    said={"reason": lambda row: sentence(told(WhyRestrict(row.reason), row.kind))},
)
