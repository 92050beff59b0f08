"""What is brought in or given away: as it was proposed, who approved it, and how far it is."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.moving.shapes import Direction, State
from ciam_portal.core import erasing, retention
from ciam_portal.core.crypto import codes

_DIRECTIONS = [(Direction.BRING.value, _("Bring customers in")), (Direction.GIVE.value, _("Give customers away"))]
_STATES = [
    (State.PROPOSED.value, _("Proposed")),
    (State.APPROVED.value, _("Approved")),
    (State.DONE.value, _("Done")),
    (State.REJECTED.value, _("Rejected")),
]
_DECIDED = Q(approved_by__isnull=False, approved_at__isnull=False)


@erasing.stays(erasing.STAFF)
@retention.kept(lambda rules, at: Q(expires_at__lt=at - timedelta(days=rules.retention.record_days)))
class Move(models.Model):
    """One file, or one recipient's key, by its SHA-256. The operator's command proposes, an administrator approves.

    ``position``, ``line``: how far the file is read, in the same transaction as what came of it.
    """

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    direction = models.CharField(max_length=8, choices=_DIRECTIONS, db_comment="not sensitive")
    state = models.CharField(max_length=8, choices=_STATES, db_comment="not sensitive")
    sha256 = models.CharField(max_length=64, db_comment="not sensitive: of the file, or of the recipient's public key")
    counts = models.JSONField(default=dict, db_comment="not sensitive: what the dry run counted")
    proposed_at = models.DateTimeField(db_comment="not sensitive")
    expires_at = models.DateTimeField(db_comment="not sensitive: until then it may be approved")
    approved_by = models.UUIDField(null=True, db_comment="pseudonymous: member of staff")
    approved_at = models.DateTimeField(null=True, db_comment="not sensitive")
    rejected_by = models.UUIDField(null=True, db_comment="pseudonymous: member of staff")
    rejected_at = models.DateTimeField(null=True, db_comment="not sensitive")
    done_at = models.DateTimeField(null=True, db_comment="not sensitive")
    position = models.BigIntegerField(default=0, db_comment="not sensitive: bytes of the file that are done")
    line = models.BigIntegerField(default=0, db_comment="not sensitive: lines that are done")
    customers = models.BigIntegerField(default=0, db_comment="not sensitive: how many so far")
    broken = models.BigIntegerField(default=0, db_comment="not sensitive: lines that were left out so far")

    class Meta:
        verbose_name = _("move of customers")
        verbose_name_plural = _("moves of customers")
        constraints = (
            models.UniqueConstraint(
                fields=["direction", "sha256"],
                condition=Q(state__in=[State.PROPOSED.value, State.APPROVED.value]),
                name="move_one_open",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[State.APPROVED.value, State.DONE.value]) | _DECIDED,
                name="move_is_approved_first",
            ),
        )
        indexes = (models.Index(fields=["expires_at"], name="move_expires"),)

    def __str__(self) -> str:
        return f"{self.get_direction_display()} {self.proposed_at:%Y-%m-%d %H:%M %Z}"

    def approve(self, by: UUID, at: datetime) -> None:
        """A second person said yes."""
        self.state, self.approved_by, self.approved_at = State.APPROVED, by, at
        self.save(update_fields=["state", "approved_by", "approved_at"])

    def reject(self, by: UUID | None, at: datetime) -> None:
        """Somebody said no; nobody: it ran out of time, and gives way to another proposal."""
        self.state, self.rejected_by, self.rejected_at = State.REJECTED, by, at
        self.save(update_fields=["state", "rejected_by", "rejected_at"])

    def went(self, *, position: int, line: int, customers: int, broken: int) -> None:
        """So far now, and so many more."""
        self.position, self.line = position, line
        self.customers, self.broken = self.customers + customers, self.broken + broken
        self.save(update_fields=["position", "line", "customers", "broken"])

    def end(self, at: datetime) -> None:
        """It is through."""
        self.state, self.done_at = State.DONE, at
        self.save(update_fields=["state", "done_at"])


class BrokenLine(models.Model):
    """A line that was left out, and why; nothing of what it says."""

    id = models.BigAutoField(primary_key=True, db_comment="not sensitive")
    move = models.ForeignKey(
        Move, on_delete=models.CASCADE, db_index=False, related_name="broken_lines", db_comment="not sensitive"
    )
    line = models.BigIntegerField(db_comment="not sensitive")
    wrong = models.CharField(max_length=32, db_comment="not sensitive: a code")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["move", "line"], name="broken_line_once"),)

    def __str__(self) -> str:
        return f"{self.line}: {self.wrong}"
