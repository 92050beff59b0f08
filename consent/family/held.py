"""Families, as part of a copy of the data of whoever belongs to one. Who else does is theirs."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ciam_portal.core.held import show
from ciam_portal.core.words import masked
from consent.models import Dependant, Family, FamilyRequest, Membership, ParentalResponsibility, Removal

show(Dependant, _("Your date of birth and country, as a guardian said them"))
show(Membership, _("The families that you belong to"))
show(
    ParentalResponsibility,
    _("For whom you answer, and who answers for you"),
    way=lambda person: ParentalResponsibility.objects.filter(Q(guardian=person) | Q(child=person)).order_by("-pk"),
)
_SAID = {"invited": lambda row: masked(row.invited), "mailbox": lambda row: masked(row.mailbox)}
show(
    FamilyRequest,
    _("What you asked others in your family"),
    way=lambda person: FamilyRequest.objects.filter(asker=person).order_by("-pk"),
    said=_SAID,
)
show(
    Removal,
    _("Requests that a guardian be removed"),
    way=lambda person: Removal.objects.filter(Q(asker=person) | Q(guardian=person)).order_by("-pk"),
)
show(Family, _("Your own family, since when"))
