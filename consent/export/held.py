"""Copies that were asked for, as part of such a copy."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.held import leave_out, show
from consent.models import Export, ExportPart

show(Export, _("Copies of your data that you asked for"))
leave_out(ExportPart, _("The copies themselves."))
