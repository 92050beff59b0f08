"""What owners ask to change about their apps. A second person decides: the database keeps no other end."""

from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from ciam_portal.console.policy import State
from ciam_portal.core import erasing, retention
from ciam_portal.core.crypto import codes


@erasing.stays("It says by id who asked for what of an app, which lives on without them.")
@retention.kept(lambda rules, at: Q(decided_at__lt=at - timedelta(days=rules.retention.record_days)))
class ChangeRequest(models.Model):
    """How an app shall be set up, all of it that can be asked for. Ids of people are copied: evidence outlives rows."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    partner = models.ForeignKey(
        "oauth.Partner", on_delete=models.CASCADE, related_name="change_requests", db_comment="not sensitive"
    )
    redirect_uris = ArrayField(models.CharField(max_length=1024), db_comment="not sensitive")
    scopes = ArrayField(models.CharField(max_length=64), db_comment="not sensitive")
    actions = ArrayField(
        models.CharField(max_length=64),
        default=list,
        db_comment="not sensitive: of an agent, the most that customers may let it do",
    )
    state = models.CharField(
        max_length=9, choices=[(each.value, each.name) for each in State], db_comment="not sensitive"
    )
    asked_by = models.UUIDField(db_comment="pseudonymous: id of the owner")
    asked_at = models.DateTimeField(db_comment="not sensitive")
    decided_by = models.UUIDField(null=True, db_comment="pseudonymous: id of staff; of the owner, if taken back")
    decided_at = models.DateTimeField(null=True, db_comment="not sensitive")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["partner"], condition=Q(state="open"), name="change_request_one_open"),
            models.CheckConstraint(
                condition=Q(state="open", decided_at=None, decided_by=None)
                | ~Q(state="open") & Q(decided_at__isnull=False, decided_by__isnull=False),
                name="change_request_is_decided_by_someone",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | ~Q(decided_by=F("asked_by")), name="change_request_two_people"
            ),
        )
        indexes = (models.Index(fields=["decided_at"], name="change_request_decided"),)

    def __str__(self) -> str:
        return f"{self.partner.name} {self.asked_at:%Y-%m-%d}"

    def settle(self, state: State, by: UUID | None, at: datetime) -> None:
        """Approved, rejected or taken back."""
        self.state, self.decided_by, self.decided_at = state.value, by, at
        self.save(update_fields=["state", "decided_by", "decided_at"])
