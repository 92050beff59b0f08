"""A request by which somebody asks to act for somebody else."""

from datetime import datetime
from typing import Self
from uuid import UUID

from django.conf import settings
from django.db import models

from ciam_portal.core import retention
from ciam_portal.core.crypto.columns import COLUMNS, Column
from consent.delegation.models.granted import Granted, over
from consent.delegation.shapes import Asked


class RequestQuerySet(models.QuerySet["DelegationRequest"]):
    """Reads over requests to act for somebody."""

    def open(self, at: datetime) -> Self:
        """Those that can still be answered."""
        return self.filter(state=Asked.OPEN, expires_at__gt=at)

    def by(self, asker: UUID) -> Self:
        """Those of one person who asks, newest first."""
        return self.filter(asker_id=asker).order_by("-made_at", "-pk")

    def due(self, at: datetime) -> Self:
        """Those that nobody answered in time."""
        return self.filter(state=Asked.OPEN, expires_at__lte=at)


@retention.kept(over)
class DelegationRequest(Granted):
    """Somebody asks whoever reads a mailbox to let them act. Whether there is an account behind it, it never says."""

    asker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False, related_name="+",
        db_comment="pseudonymous: who wants to act",
    )  # fmt: skip
    state = models.CharField(
        max_length=9, choices=[(each, each) for each in Asked], default=Asked.OPEN, db_comment="not sensitive"
    )
    ended_at = models.DateTimeField(null=True, db_comment="not sensitive: answered, taken back or too old")

    objects = RequestQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["asker", "mailbox"], condition=models.Q(state="open"), name="delegation_request_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", ended_at__isnull=True, expires_at__isnull=False)
                | (~models.Q(state="open") & models.Q(ended_at__isnull=False)),
                name="delegation_request_ends",
            ),
        )
        indexes = (
            models.Index(fields=["asker", "-made_at"], name="delegation_request_asker"),
            models.Index(fields=["mailbox"], name="delegation_request_open", condition=models.Q(state="open")),
            models.Index(fields=["ended_at"], name="delegation_request_ended"),
        )

    def end(self, state: Asked, at: datetime) -> None:
        """Answered, taken back or too old."""
        self.state, self.ended_at = state, at
        self.save(update_fields=["state", "ended_at"])


COLUMNS.append(Column(DelegationRequest.objects.all, "said", lambda row: row.context))
