"""Gathers what the questions about a deletion ask, and what its pages say."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.models import Restriction, User
from accounts.restrictions.policy import WhyRestrict, told
from accounts.step_up import facts
from ciam_portal.core.themes import Joined
from ciam_portal.core.words import sentence
from ciam_portal.oauth.models import Partner
from consent.erasure import policy
from consent.erasure.models import Deletion
from consent.family.facts import is_last_guardian
from consent.models import Consent

NEEDED = Joined[Callable[[UUID], bool]]()
"""Whether somebody is the last one to look after what is not theirs alone, by their id."""


def for_asking(customer: User) -> policy.AskFacts:
    """An account as it stands under lock."""
    return policy.AskFacts(
        is_staff=customer.is_staff,
        is_recovering=customer.is_recovering,
        is_asked=customer.erase_at is not None,
        is_needed=any(needed(customer.pk) for needed in NEEDED),
        is_last_guardian=is_last_guardian(customer.pk),
    )


def for_beginning(customer: User, deletion: Deletion, at: datetime) -> policy.DueFacts:
    """A deletion and its account. One statement."""
    held = Restriction.objects.holding(customer.pk, at)
    return policy.DueFacts(
        waits=deletion.waits,
        due_at=deletion.due_at,
        is_recovering=customer.is_recovering,
        held_until=held.ends_at if held else None,
        suspended_until=customer.suspended_until,
        quarantine_until=facts.quarantine_until(customer),
    )


def meant(customer: User, at: datetime) -> dict[str, Any]:
    """What it means to delete this account: apps that are cut off, apps they answer for, what keeps it from going."""
    connected = Consent.objects.live().of(customer.pk)
    return {
        "apps": [each.partner.name for each in connected],
        "owned": list(Partner.objects.filter(owner=customer).order_by("name").values_list("name", flat=True)),
        "held": held(customer, at),
    }


def held(customer: User, at: datetime, than: datetime | None = None) -> dict[str, Any] | None:
    """The legal hold that keeps the data of this customer, in words; None if there is none.

    ``longer``: whether it may last longer ``than`` then.
    """
    row = Restriction.objects.holding(customer.pk, at)
    if row is None:
        return None
    reason = sentence(told(WhyRestrict(row.reason), row.kind))
    longer = than is not None and row.until > than
    return {"id": row.pk, "until": customer.local(row.ends_at), "reason": reason, "longer": longer}
