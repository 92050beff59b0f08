"""Restrictions of customers by staff: for a while, with a coded reason, reviewed by another person."""

from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from accounts.customer.models.user import User
from accounts.restrictions.policy import RestrictionKind, WhyRestrict
from ciam_portal.core import retention
from ciam_portal.core.crypto import codes
from ciam_portal.core.words import choices


class RestrictionQuerySet(models.QuerySet["Restriction"]):
    """Reads over restrictions."""

    def unreviewed(self) -> Self:
        """Those that nobody else has looked at, whether or not they are over."""
        return self.filter(reviewed_at__isnull=True)

    def holding(self, customer: UUID, at: datetime) -> "Restriction | None":
        """The legal hold that keeps this customer's data now."""
        row = self.open().filter(customer=customer, kind=RestrictionKind.LEGAL_HOLD).first()
        return row if row is not None and row.is_live(at) else None

    def open(self) -> Self:
        """Those that nobody ended and no other followed; most are over by themselves."""
        return self.filter(ended_at__isnull=True)


@retention.kept(
    lambda rules, at: Q(until__lt=at - timedelta(days=rules.retention.record_days), reviewed_at__isnull=False)
)
class Restriction(models.Model):
    """One restriction. It is over at ``ends_at`` by itself; ``ended_at`` says that staff ended it or another followed.

    Until when it holds stands on the customer's row too, where every request reads it.
    """

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    customer = models.ForeignKey(
        User, on_delete=models.CASCADE, db_index=False, related_name="restrictions", db_comment="pseudonymous"
    )
    kind = models.CharField(
        max_length=12, choices=[(kind.value, kind.value) for kind in RestrictionKind], db_comment="not sensitive"
    )
    reason = models.CharField(max_length=24, choices=choices(WhyRestrict), db_comment="not sensitive: a code")
    decision = models.UUIDField(
        null=True, db_comment="pseudonymous: the decision; the number that the customer is told"
    )
    starts_at = models.DateTimeField(db_comment="not sensitive")
    until = models.DateTimeField(db_comment="not sensitive: its end, if it was reviewed")
    made_by = models.UUIDField(db_comment="pseudonymous: member of staff")
    review_due_at = models.DateTimeField(db_comment="not sensitive: its end, unless it was reviewed")
    reviewed_by = models.UUIDField(null=True, db_comment="pseudonymous: member of staff")
    reviewed_at = models.DateTimeField(null=True, db_comment="not sensitive")
    ended_at = models.DateTimeField(null=True, db_comment="not sensitive: ended early, or another followed")
    lifted_by = models.UUIDField(null=True, db_comment="pseudonymous: member of staff who ended it early")

    objects = RestrictionQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "kind"], condition=Q(ended_at__isnull=True), name="restriction_one_open"
            ),
            # One person alone cannot restrict again and again.
            models.UniqueConstraint(
                fields=["customer", "kind"], condition=Q(reviewed_at__isnull=True), name="restriction_one_unreviewed"
            ),
            models.CheckConstraint(
                condition=Q(until__gt=F("starts_at"), review_due_at__gt=F("starts_at")), name="restriction_ends_later"
            ),
            models.CheckConstraint(condition=~Q(made_by=F("customer")), name="restriction_not_of_oneself"),
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True, reviewed_at__isnull=True)
                | Q(reviewed_by__isnull=False, reviewed_at__isnull=False)
                & ~Q(reviewed_by=F("made_by"))
                & ~Q(reviewed_by=F("customer")),
                name="restriction_reviewed_by_another",
            ),
            models.CheckConstraint(
                condition=(Q(lifted_by__isnull=True) | Q(ended_at__isnull=False) & ~Q(lifted_by=F("customer")))
                & (Q(ended_at__isnull=True) | Q(ended_at__gte=F("starts_at"))),
                name="restriction_ended_after_it_began",
            ),
        )
        indexes = (models.Index(fields=["customer", "-starts_at"], name="restriction_customer"),)

    def __str__(self) -> str:
        return f"{self.kind} until {self.ends_at:%Y-%m-%d %H:%M %Z}"

    @property
    def ends_at(self) -> datetime:
        """When it is over: early, or for want of a review, or at its end."""
        if self.ended_at is not None:
            return self.ended_at
        return self.until if self.reviewed_at is not None else min(self.until, self.review_due_at)

    def is_live(self, at: datetime) -> bool:
        """Whether it holds; the instant of its end belongs to "over"."""
        return at < self.ends_at

    def review(self, by: UUID, at: datetime) -> None:
        """Somebody else has looked at it. One that was over by then stays over."""
        if self.ended_at is None and not self.is_live(at):
            self.until = self.ends_at
        self.reviewed_by, self.reviewed_at = by, at
        self.save(update_fields=["until", "reviewed_by", "reviewed_at"])

    def lift(self, by: UUID, at: datetime) -> None:
        """Somebody ended it early."""
        self.ended_at, self.lifted_by = at, by
        self.save(update_fields=["ended_at", "lifted_by"])

    def give_way(self, at: datetime) -> None:
        """Over by itself, or followed by a longer one."""
        self.ended_at = min(self.ends_at, at)
        self.save(update_fields=["ended_at"])
