"""How the use ledger reads to auditors: each line with the answer that it rests on, and what that is worth.

A line does not say whether the account was open, nor for what its recipient might ask at all: that both were in order
is taken for granted here. What stood then is worked out anew from what was said, not from what the line says.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Case, F, OuterRef, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from ciam_portal.core.audit.models import Leaf
from ciam_portal.core.audit.tree import proofs
from ciam_portal.core.policy import limits
from consent.ledger.shapes import Way, is_for_us
from consent.models import ConsentEvent, PurposeVersion, Receipt, Use
from consent.records.policy import State
from consent.use import facts, policy
from consent.use.policy import Rests

_Version = tuple[str, int]  # of a purpose
_TO = Coalesce("recipient_id", "subject")  # of an answer; to ourselves, where there is no recipient


@dataclass(frozen=True, slots=True)
class Trace:
    """A line of the ledger; ``event``: the answer that it names, if it is there; where both prove that they stand.

    ``leaf`` and ``receipt_leaf`` are theirs in the audit's tree, once a signed root covers them.
    """

    use: Use
    event: ConsentEvent | None
    rests: Rests
    replaced_at: datetime | None
    leaf: int | None
    receipt_leaf: int | None

    @property
    def receipt(self) -> Receipt | None:
        """What its person has in hand of it."""
        return getattr(self.event, "receipt", None)


def traceable(uses: QuerySet[Use]) -> QuerySet[Any]:
    """These lines, as ``traced`` takes them: each with when its recipient was first answered about its purpose."""
    answers = ConsentEvent.objects.filter(subject=OuterRef("customer"), purpose=OuterRef("purpose"))
    to_us = When(way=Way.DATA_USE, then=F("customer"))
    uses = uses.annotate(asker=Case(to_us, default=Coalesce("partner", "customer")))
    to_it = answers.alias(to=_TO).filter(to=OuterRef("asker"))
    return uses.annotate(first_said_at=Subquery(to_it.order_by("number").values("at")[:1]))


def traced(uses: Iterable[Any]) -> list[Trace]:
    """All lines are about one person. Five statements at most, however many there are."""
    uses = list(uses)
    answers, versions = _answers(uses), _versions({each.purpose for each in uses})
    leaves = _leaves(answers.values())
    return [_traced(each, answers.get(each.event), versions, leaves) for each in uses]


def _traced(use: Any, event: Any, versions: Mapping[_Version, policy.Purpose], leaves: Mapping[UUID, int]) -> Trace:  # noqa: ANN401  (annotated)
    is_ours = is_for_us(use.partner, use.way)
    if event is not None and (event.purpose, event.recipient_id is None) != (use.purpose, is_ours):
        event = None
    replaced_at = event.replaced_at if event is not None else use.first_said_at if use.event is None else None
    purpose = versions.get((use.purpose, use.version))
    asked = policy.Use(
        frozenset(use.categories),
        purpose,
        None,
        is_known=True,
        is_its_purpose=True,
        is_ours=is_ours,
        is_open=True,
        said=_said(event) if event is not None else None,
    )
    named = policy.Traced(
        asked,
        was_allowed=use.result == Use.Result.ALLOWED,
        names_one=use.event is not None,
        said_at=event.at if event is not None else None,
        replaced_at=replaced_at,
    )
    rests = policy.rests(named, limits=limits.current(), at=use.last_at)
    receipt = getattr(event, "receipt", None)
    leaf, of_receipt = (leaves.get(row.pk) if row is not None else None for row in (event, receipt))
    return Trace(use, event, rests, replaced_at, leaf, of_receipt)


def _said(event: ConsentEvent) -> policy.Said:
    return policy.Said(
        State(event.state), event.number, event.version.number, frozenset(event.categories), event.expires_at
    )


def _answers(uses: Iterable[Use]) -> Mapping[int | None, Any]:
    """Those that are named, each with when the next one of its purpose and recipient was given; by their numbers."""
    people, numbers = {each.customer for each in uses}, {each.event for each in uses if each.event is not None}
    about = ConsentEvent.objects.filter(subject=OuterRef("subject"), purpose=OuterRef("purpose"))
    later = about.alias(to=_TO).filter(to=OuterRef("to"), number__gt=OuterRef("number")).order_by("number")
    named = ConsentEvent.objects.filter(subject__in=people, number__in=numbers)
    found = named.select_related("version__purpose", "recipient", "receipt")
    found = found.annotate(to=_TO, replaced_at=Subquery(later.values("at")[:1]))
    return {each.number: each for each in found} if numbers else {}


def _versions(keys: Iterable[str]) -> Mapping[_Version, policy.Purpose]:
    """Every version of these purposes, each with the oldest one a yes to which still counted then."""
    rows = PurposeVersion.objects.filter(purpose__key__in=list(keys), activated_at__isnull=False)
    material: dict[str, int] = {}
    found = {}
    for row in rows.annotate(key=F("purpose__key")).order_by("key", "number"):
        if row.is_material:
            material[row.key] = row.number
        found[row.key, row.number] = facts.as_it_holds(row.key, row, material.get(row.key, row.number))
    return found


def _leaves(answers: Iterable[Any]) -> Mapping[UUID, int]:
    answers = list(answers)
    rows = [each.pk for each in answers] + [each.receipt.pk for each in answers if hasattr(each, "receipt")]
    last = proofs.last() if rows else None
    leaves = Leaf.objects.filter(row__in=rows, index__lt=last.size) if last is not None else Leaf.objects.none()
    return dict(leaves.values_list("row", "index"))
