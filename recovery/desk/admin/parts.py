"""The parts of a customer's record that are about getting back in: recoveries, and where codes and news may go."""

from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.staff.admin.record import Cell, Link, Part, Record, instant
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.decision import Allow, Deny
from ciam_portal.core.roles import Role
from ciam_portal.core.words import masked, sentence
from recovery.addresses import facts as addresses
from recovery.case import facts
from recovery.desk import policy
from recovery.desk.admin import words
from recovery.models import Case, Contact, RecoveryAddress

_SOME = 5
_READERS = frozenset({Role.AGENT, Role.APPROVER})


def cases(record: Record) -> Part:
    """The latest recoveries, and beginning one for a caller, if this member of staff may."""
    customer, viewer = record.customer, record.viewer
    found = list(Case.objects.filter(customer=customer).order_by("-opened_at")[:_SOME])
    live = next((case for case in found if case.is_live), None)
    rows: list[tuple[Cell, ...]] = []
    for case in found:
        number = Link(case.reference, reverse("admin:recovery_case_change", args=[case.pk]))
        by = words.person(case.opened_by, viewer.user.pk, "agent")
        until = instant(case.ended_at) if case.ended_at else instant(case.ready_at)
        rows.append((number if viewer.roles & _READERS else case.reference,
                     words.state(case), instant(case.opened_at), by, until))  # fmt: skip
    helper = facts.helper(viewer.user, viewer.session, customer, by=viewer.by, at=viewer.at)
    caller = facts.caller(customer, live, (Method.PASSWORD,))
    may = policy.may_begin(caller, helper, limits=limits.current(), at=viewer.at)
    why_not = sentence(may.reason) if isinstance(may, Deny) and helper.is_agent else ""
    return Part(
        "recoveries",
        _("Recoveries"),
        tuple(rows),
        (_("Case"), _("State"), _("Opened"), _("Opened by"), _("Waits until, or ended")),
        _("There was none."),
        "admin/_begin_recovery.html",
        {"may_begin": isinstance(may, Allow), "why_not": why_not, "customer_id": customer.pk},
    )


def channels(record: Record) -> Part:
    """Where codes and news may go beside the address to sign in with, and whom the customer trusts to help."""
    rows: list[tuple[Cell, ...]] = []
    for item in RecoveryAddress.objects.kept().filter(customer=record.customer).order_by("pk"):
        kind = item.get_kind_display()
        value = record.value("recovery", item.pk, kind.lower(), item.address, addresses.mask(item.address))
        rows.append((kind, value, instant(item.proven_at), instant(item.usable_from)))
    for person in Contact.objects.kept().filter(customer=record.customer).order_by("pk"):
        # Somebody else's address: it is nobody's to read here, whatever for.
        since = instant(person.accepted_at) if person.accepted_at else _("not yet accepted")
        rows.append((_("Recovery contact"), masked(person.address), since, instant(person.usable_from)))
    columns = (_("What"), _("Where"), _("Confirmed, or accepted"), _("Restores from"))
    return Part("channels", _("Recovery addresses and contacts"), tuple(rows), columns, _("There is none."))
