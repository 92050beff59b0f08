"""Receipts, kept as they were signed."""

from typing import Self
from uuid import UUID

from django.db import models

from ciam_portal.core import erasing
from ciam_portal.core.audit.tree.leaves import sealed
from ciam_portal.core.crypto import codes


class ReceiptQuerySet(models.QuerySet["Receipt"]):
    """Reads over receipts."""

    def of(self, subject: UUID) -> Self:
        """One person's, newest first."""
        return self.filter(subject=subject).order_by("-number")

    def of_app(self, connection: UUID) -> Self:
        """Of these, what was said about one connection of an app."""
        return self.filter(event__connection=connection)

    def of_purpose(self, key: str) -> Self:
        """Of these, what was said about one purpose of our own."""
        return self.filter(event__purpose=key, event__recipient=None)


@erasing.stays(erasing.AGREED)
@sealed
class Receipt(models.Model):
    """One receipt. Written once and for good: a trigger keeps it. All that it says stands in its text, nowhere else.

    Like the audit's rows it becomes a leaf of the tree, whose checkpoints others keep.
    """

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    event = models.OneToOneField(
        "consent.ConsentEvent",
        on_delete=models.PROTECT,
        related_name="receipt",
        db_comment="pseudonymous: what it proves",
    )
    subject = models.UUIDField(db_comment="pseudonymous: whose it is; outlives the account, as evidence does")
    number = models.PositiveIntegerField(db_comment="not sensitive: the person's receipts count from 1, without a gap")
    at = models.DateTimeField(db_comment="not sensitive: when it was signed")
    text = models.TextField(db_comment="personal: evidence; exactly what was signed (JWS compact)")

    objects = ReceiptQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["subject", "number"], name="receipt_in_order"),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="receipt_counts_from_one"),
        )

    def __str__(self) -> str:
        return str(self.pk)
