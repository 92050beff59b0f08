"""Who may act for whom, as part of a copy of the data of either. What the other one is called is theirs."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ciam_portal.core.held import show
from ciam_portal.core.words import masked
from consent.models import DelegatedUse, Delegation, DelegationRequest

_SAID = {"invited": lambda row: masked(row.invited), "mailbox": lambda row: masked(row.mailbox)}

show(
    Delegation,
    _("Who may act for you, and for whom you may act"),
    way=lambda person: Delegation.objects.filter(Q(owner=person) | Q(delegate=person)).order_by("-pk"),
    said=_SAID | {"said": lambda row: row.reason},
)
show(
    DelegatedUse,
    _("What was done for you by others, and by you for others"),
    way=lambda person: DelegatedUse.objects.filter(
        Q(delegation__owner=person) | Q(delegation__delegate=person)
    ).order_by("-pk"),
)
show(DelegationRequest, _("Whom you asked to let you act for them"), said=_SAID | {"said": lambda row: row.reason})
