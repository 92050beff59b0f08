"""The outbox: one row for each message to a person, written in the transaction of what it tells about."""

from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ciam_portal.core import retention
from ciam_portal.core.crypto import codes


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Reads over the outbox."""

    def due(self, at: datetime) -> Self:
        """Waiting messages whose time has come and that no living worker holds, oldest first."""
        free = models.Q(claimed_until__isnull=True) | models.Q(claimed_until__lte=at)
        return self.filter(free, state=Notice.State.WAITING, due_at__lte=at).order_by("due_at")


@retention.kept(
    lambda rules, at: (
        models.Q(created_at__lt=at - timedelta(days=rules.retention.message_days))
        & ~models.Q(state=Notice.State.WAITING)
    )
)
class Notice(models.Model):
    """One message to one address. Recipient and content are sealed, and wiped once it is sent or given up."""

    class State(models.TextChoices):
        """Where a message stands."""

        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        GIVEN_UP = "given_up", _("Given Up")

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+", db_comment="pseudonymous"
    )
    kind = models.CharField(max_length=64, db_comment="not sensitive: which message")
    channel = models.CharField(max_length=8, db_comment="not sensitive: mail or sms")
    sealed = models.TextField(blank=True, db_comment="sensitive: recipient and content, sealed; empty after delivery")
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING, db_comment="not sensitive")
    attempts = models.PositiveSmallIntegerField(default=0, db_comment="not sensitive")
    created_at = models.DateTimeField(db_comment="not sensitive")
    due_at = models.DateTimeField(db_comment="not sensitive")
    claimed_until = models.DateTimeField(null=True, db_comment="not sensitive")
    sent_at = models.DateTimeField(null=True, db_comment="not sensitive")

    objects = NoticeQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(fields=["due_at"], name="notice_due", condition=models.Q(state="waiting")),
            models.Index(fields=["customer", "-created_at"], name="notice_customer"),
            models.Index(fields=["-created_at"], name="notice_created"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"

    def claim(self, at: datetime, seconds: int) -> None:
        """Held by one worker for so long; if it dies, another may take it."""
        self.attempts += 1
        self.claimed_until = at + timedelta(seconds=seconds)
        self.save(update_fields=["attempts", "claimed_until"])

    def delivered(self, at: datetime) -> None:
        """Sent: forget whom and what."""
        self.state, self.sent_at, self.sealed, self.claimed_until = self.State.SENT, at, "", None
        self.save(update_fields=["state", "sent_at", "sealed", "claimed_until"])

    def postpone(self, at: datetime, seconds: int) -> None:
        """Try again later."""
        self.due_at, self.claimed_until = at + timedelta(seconds=seconds), None
        self.save(update_fields=["due_at", "claimed_until"])

    def give_up(self) -> None:
        """Tried too often."""
        self.state, self.sealed, self.claimed_until = self.State.GIVEN_UP, "", None
        self.save(update_fields=["state", "sealed", "claimed_until"])
