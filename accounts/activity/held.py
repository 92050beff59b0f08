"""What happened and was decided, in the words of the activity page, as part of a copy of a customer's data."""

from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Dispute
from ciam_portal.core import explain, reference, timeline
from ciam_portal.core.audit.actor import ActorKind
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.held import show

_IN_WORDS = _("Said in words beside it. Numbers and signals would teach others how to pass unnoticed.")


def _happened(row: AuditEntry) -> str:
    said = timeline.say(row.name, row.data)
    return "" if said is None else ". ".join(str(part) for part in (said.title, said.more) if part)


def _decisions(customer: UUID) -> QuerySet[DecisionEntry]:
    """As the customer may read them (``core.audit.why``): not what staff were allowed in sessions of their own."""
    return DecisionEntry.objects.filter(about=customer).exclude(actor_kind=ActorKind.STAFF).order_by("-pk")


show(Dispute, _("What you asked our help desk to look at"))
show(
    AuditEntry,
    _("What happened"),
    way="about",
    said={"what": _happened, "session": lambda row: row.session if row.actor == row.about else None},
    without={
        "data": _("Said in words beside it, as far as it is about you."),
        "seal": _("It shows us that nobody changed the row."),
    },
)
show(
    DecisionEntry,
    _("What was decided, and why"),
    way=_decisions,
    said={
        "reference": lambda row: reference.of(row.pk),
        "asked_for": lambda row: explain.doing(row.action) if row.action else "",
        "why": explain.for_customer,
    },
    without=dict.fromkeys(("inputs", "contributions", "findings", "score", "risk", "detail"), _IN_WORDS)
    | {"seal": _("It shows us that nobody changed the row.")},
)
