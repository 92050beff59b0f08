"""What the help desk reads of a customer's consents, on the opened record."""

from django.utils.translation import gettext as _

from accounts.staff.admin.record import Cell, Part, Record, instant
from ciam_portal.oauth import scopes
from consent.models import Consent

_SOME = 20


def part(record: Record) -> Part:
    """Which apps the customer lets see what, in the words of the consent page."""
    rows: list[tuple[Cell, ...]] = []
    for each in Consent.objects.of(record.customer.pk)[:_SOME]:
        what = ", ".join(str(scope.title) for scope in scopes.described(each.scopes))
        ended = instant(each.ended_at) if each.ended_at else _("stands")
        used = instant(each.last_used_at)
        rows.append((each.partner.name, what or _("nothing"), instant(each.given_at), ended, used))
    columns = (_("App"), _("May see"), _("Given"), _("Withdrawn"), _("Last used"))
    return Part("consents", _("Connected apps"), tuple(rows), columns, _("There is none, and there was none."))
