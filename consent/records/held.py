"""Choices and their history, as part of a copy of a customer's data."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.held import show
from consent.models import ConsentEvent, ConsentRecord

show(ConsentRecord, _("Your privacy choices as they stand"))
show(ConsentEvent, _("What you allowed and refused, and what became of it"))
