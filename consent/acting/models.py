"""Times of acting: that somebody acts for one owner, in one session."""

from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.db import models

from accounts.models import Session
from ciam_portal.core.crypto import codes
from consent.delegation.models import Delegation

_TOUCH_AFTER = timedelta(seconds=60)


class ActingSessionQuerySet(models.QuerySet["ActingSession"]):
    """Reads over times of acting, and the end of several."""

    def latest_of(self, delegation: UUID, session: UUID) -> "ActingSession | None":
        """The last one by this delegation in this session, over or not."""
        return self.filter(delegation=delegation, session=session).order_by("-started_at", "-pk").first()

    def open(self) -> Self:
        """Those that nobody ended; unused for long, one is over all the same."""
        return self.filter(ended_at=None)

    def used(self, at: datetime) -> None:
        """A page was opened in these; noted once in a minute."""
        self.open().filter(last_used_at__lte=at - _TOUCH_AFTER).update(last_used_at=at)

    def end(self, at: datetime) -> None:
        """All of these are over."""
        self.open().update(ended_at=at)


class ActingSession(models.Model):
    """One time of acting. It opens nothing by itself: each request asks the delegation, both accounts and the gate."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    delegation = models.ForeignKey(
        Delegation, on_delete=models.CASCADE, db_index=False, related_name="+", db_comment="pseudonymous"
    )
    session = models.ForeignKey(
        Session, on_delete=models.CASCADE, related_name="+", db_comment="pseudonymous: of whoever acts"
    )
    started_at = models.DateTimeField(db_comment="not sensitive")
    last_used_at = models.DateTimeField(db_comment="not sensitive")
    ended_at = models.DateTimeField(null=True, db_comment="not sensitive")

    objects = ActingSessionQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["delegation", "session"], condition=models.Q(ended_at=None), name="acting_once_in_a_session"
            ),
        )
        indexes = (models.Index(fields=["delegation", "session", "-started_at"], name="acting_latest"),)

    def __str__(self) -> str:
        return str(self.pk)
