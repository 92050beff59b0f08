"""Successors, as part of a copy of the data of whoever named them. Their addresses are other people's."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.held import leave_out, show
from ciam_portal.core.words import masked
from recovery.models import Succession, SuccessionNote, Successor

_SAID = {"address": lambda row: masked(row.address), "mailbox": lambda row: masked(row.mailbox)}

show(Successor, _("Whom you named for the day on which you cannot look after things"), way="customer", said=_SAID)
show(Succession, _("When somebody said that you cannot look after things yourself"), way="customer")
leave_out(SuccessionNote, _("Who of our staff saw which document of somebody else's. What came of it is in the case."))
