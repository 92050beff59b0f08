"""Receipts, as part of a copy of a customer's data."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.held import show
from consent.models import Receipt
from consent.receipts.lines import Line

show(Receipt, _("Receipts for your choices"), said={"what": lambda row: f"{Line.of(row).title}: {Line.of(row).state}"})
