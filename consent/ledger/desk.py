"""The way from a customer's opened record to what was done with their data."""

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.staff.admin.record import Link, Part, Record
from consent.ledger.admin import READERS


def part(record: Record) -> Part:
    """A link, for those who may follow it."""
    title, nothing = _("Use of data"), _("Auditors, administrators and privacy officers read who used which data.")
    if not record.viewer.roles & READERS:
        return Part("uses", title, empty=nothing)
    url = f"{reverse('admin:consent_use_changelist')}?customer={record.customer.pk}"
    return Part("uses", title, ((_("Ledger"), Link(_("who used which data, and under which answer"), url)),))
