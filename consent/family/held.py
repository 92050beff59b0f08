"""Families, as part of a copy of the data of whoever belongs to one. Who else does is theirs."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ciam_portal.core.held import show
from consent.models import Dependant, Family, Membership, ParentalResponsibility

show(Dependant, _("Your date of birth and country, as a guardian said them"))
show(Membership, _("The families that you belong to"))
show(
    ParentalResponsibility,
    _("For whom you answer, and who answers for you"),
    way=lambda person: ParentalResponsibility.objects.filter(Q(guardian=person) | Q(child=person)).order_by("-pk"),
)
show(Family, _("Your own family, since when"))
