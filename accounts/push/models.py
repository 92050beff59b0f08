"""Where browsers are told things: one row for a session in which its customer switched that on."""

from datetime import datetime
from typing import Self
from uuid import UUID

from django.db import models

from accounts.sessions.models import Session
from ciam_portal.core import retention
from ciam_portal.core.crypto import codes
from ciam_portal.core.crypto.columns import COLUMNS, Column


class PushSubscriptionQuerySet(models.QuerySet["PushSubscription"]):
    """Reads over them."""

    def of(self, customer: UUID) -> Self:
        """One customer's, of whatever session."""
        return self.filter(session__customer=customer).select_related("session")

    def standing(self, at: datetime) -> Self:
        """Those whose session nobody ended and whose time is not over. One that is only idle can still be told."""
        return self.filter(session__ended_at=None, expires_at__gt=at)


@retention.kept(lambda _rules, at: models.Q(expires_at__lt=at))
class PushSubscription(models.Model):
    """A browser that is told things, as long as the session in which that was switched on. Says nothing by itself.

    ``key``: which of ours the browser knows us by (``VAPID_KEYS``); its push service takes messages of that one only.
    """

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="push", db_comment="pseudonymous")
    sealed = models.TextField(
        db_comment="sensitive: device; address at the browser's push service and the browser's keys, sealed"
    )
    digest = models.CharField(max_length=64, db_comment="pseudonymous: keyed digest of that address")
    key = models.CharField(max_length=8, db_comment="not sensitive: the name of our key that it knows")
    at_night = models.BooleanField(default=False, db_comment="personal: preference; whether at night too")
    made_at = models.DateTimeField(db_comment="not sensitive")
    expires_at = models.DateTimeField(db_comment="not sensitive: its session's end at the latest")

    objects = PushSubscriptionQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(fields=["digest"], name="push_digest"),
            models.Index(fields=["expires_at"], name="push_expires"),
        )

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def context(self) -> str:
        """For what its address is sealed."""
        return f"push:{self.pk}"

    def nights(self, at_night: bool) -> None:  # noqa: FBT001  (what its customer chose)
        """Whether at night too."""
        self.at_night = at_night
        self.save(update_fields=["at_night"])


COLUMNS.append(Column(PushSubscription.objects.all, "sealed", lambda row: row.context))
