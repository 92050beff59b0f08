"""How risk is watched: where the jobs stand, and what they found worth a person's look."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import models

from ciam_portal.core import erasing, retention
from ciam_portal.core.crypto import codes


class RiskState(models.Model):
    """What one job remembers from run to run. Locked while it works, so that two workers never count twice."""

    key = models.CharField(max_length=32, primary_key=True, db_comment="not sensitive: which job")
    data = models.JSONField(default=dict, db_comment="not sensitive: watermarks, counts and rates")
    updated_at = models.DateTimeField(null=True, db_comment="not sensitive")

    def __str__(self) -> str:
        return self.key

    @classmethod
    def locked(cls, key: str) -> "RiskState":
        """The row, made if missing, and held until the transaction ends."""
        cls.objects.get_or_create(key=key)
        return cls.objects.select_for_update().get(key=key)

    def keep(self, data: dict[str, Any], at: datetime) -> None:
        """Remember this instead."""
        self.data, self.updated_at = data, at
        self.save(update_fields=["data", "updated_at"])


@erasing.stays(erasing.STAFF)
@retention.kept(lambda rules, at: models.Q(acknowledged_at__lt=at - timedelta(days=rules.retention.record_days)))
class Alert(models.Model):
    """Something about risk that a person should look at. One of a kind in a day is enough."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    kind = models.CharField(max_length=64, db_comment="not sensitive: what was found")
    at = models.DateTimeField(db_comment="not sensitive")
    numbers = models.JSONField(default=dict, db_comment="not sensitive: counts and rates")
    acknowledged_at = models.DateTimeField(null=True, db_comment="not sensitive")
    acknowledged_by = models.UUIDField(null=True, db_comment="pseudonymous: who of the staff looked at it")

    class Meta:
        indexes = (models.Index(fields=["kind", "-at"], name="alert_kind"),)
        ordering = ("-at",)
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M %Z}"

    def acknowledge(self, by: UUID | None, at: datetime) -> None:
        """Somebody has looked at it."""
        self.acknowledged_by, self.acknowledged_at = by, at
        self.save(update_fields=["acknowledged_by", "acknowledged_at"])
