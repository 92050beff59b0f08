"""Times of acting, as part of a copy of the data of either side."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ciam_portal.core.held import show
from consent.models import ActingSession

show(
    ActingSession,
    _("When somebody acted for you here, and you for others"),
    way=lambda person: ActingSession.objects.filter(
        Q(delegation__owner=person) | Q(delegation__delegate=person)
    ).order_by("-pk"),
)
