"""Requests, as part of a copy of the data of whoever made them."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.held import show
from consent.models import Request

show(Request, _("What you asked about your data"), said={"said": lambda row: row.text})
