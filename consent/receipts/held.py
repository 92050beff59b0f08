"""Receipts, as part of a copy of a customer's data: as they were signed, so that they can be verified."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.held import show
from consent.models import Receipt

show(Receipt, _("Receipts for your choices"))
