"""What was approved, word for word, and whether it was done."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.db import models

from ciam_portal.core import retention
from ciam_portal.core.crypto import codes


class DetailQuerySet(models.QuerySet["AuthorizationDetail"]):
    """Reads over approved details."""

    def standing(self, keys: Iterable[UUID] | None) -> Self:
        """Of these, those that are still to be done."""
        return self.filter(pk__in=list(keys or ()), used_at__isnull=True).order_by("pk")


@retention.kept(lambda rules, at: models.Q(given_at__lt=at - timedelta(days=rules.retention.record_days)))
class AuthorizationDetail(models.Model):
    """One ``authorization_details`` object (RFC 9396) as a customer approved it. Tokens carry its id."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    consent = models.ForeignKey(
        "consent.Consent", on_delete=models.CASCADE, related_name="details", db_comment="pseudonymous"
    )
    said = models.JSONField(db_comment="personal: transaction; what the customer approved, whom it pays")
    decision = models.UUIDField(null=True, db_comment="not sensitive: the gate's, when it was approved")
    given_at = models.DateTimeField(db_comment="not sensitive")
    used_at = models.DateTimeField(null=True, db_comment="not sensitive: done; it is good for nothing more")

    objects = DetailQuerySet.as_manager()

    class Meta:
        indexes = (models.Index(fields=["given_at"], name="detail_given"),)

    def __str__(self) -> str:
        return str(self.pk)

    def use(self, at: datetime) -> None:
        """It was done."""
        self.used_at = at
        self.save(update_fields=["used_at"])
