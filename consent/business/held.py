"""Businesses, as part of a copy of the data of whoever belongs to them. What others are called is theirs."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.held import leave_out, show
from ciam_portal.core.words import masked
from consent.models import Business, BusinessMember, BusinessRemoval, BusinessRole

show(
    BusinessMember,
    _("Businesses that you belong to, or did"),
    way="person",
    said={"invited": lambda row: masked(row.invited), "mailbox": lambda row: masked(row.mailbox)},
)
leave_out(Business, _("It is its own account, and no part of yours."))
leave_out(BusinessRole, _("It is a business's, and nobody's own."))
leave_out(BusinessRemoval, _("It is a business's. What came of one that was about you is under Activity."))
