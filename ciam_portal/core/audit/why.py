"""A customer's own decision, in the customer's words. An id that is forged or somebody else's shows nothing."""

from uuid import UUID

from ciam_portal.core.audit.actor import ActorKind
from ciam_portal.core.audit.models import DecisionEntry


def own(decision: object, customer: UUID | None) -> DecisionEntry | None:
    """The decision with this id, if there is one and it is about this customer.

    What staff were allowed about them rests on the staff's own session and device: that is not the customer's to read.
    """
    try:
        key = UUID(str(decision))
    except ValueError:
        return None
    if customer is None:
        return None
    return DecisionEntry.objects.filter(pk=key, about=customer).exclude(actor_kind=ActorKind.STAFF).first()
