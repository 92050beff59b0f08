"""Approvals: the gate said yes to one transaction of a partner; presented once, soon, and for nothing else."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models

from ciam_portal.core import retention
from ciam_portal.core.crypto import codes

_KEPT = timedelta(days=1)  # so that a second use is recognised as one, and not as an invented approval


@retention.kept(lambda _rules, at: models.Q(expires_at__lt=at - _KEPT))
class Approval(models.Model):
    """One approval. The value the partner holds, and the transaction it is bound to, are kept as digests only."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    digest = models.CharField(max_length=64, unique=True, db_comment="sensitive: credential; digest of the approval")
    bound_to = models.CharField(
        max_length=64, db_comment="sensitive: transaction; digest of the transaction, all of it"
    )
    partner = models.ForeignKey(
        "oauth.Partner", on_delete=models.CASCADE, related_name="+", db_comment="not sensitive: who may present it"
    )
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_comment="pseudonymous"
    )
    session = models.ForeignKey(
        "accounts.Session", on_delete=models.CASCADE, related_name="+", db_comment="pseudonymous"
    )
    consent = models.ForeignKey(
        "consent.Consent", on_delete=models.CASCADE, related_name="+", db_comment="pseudonymous"
    )
    detail = models.ForeignKey(
        "consent.AuthorizationDetail",
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        db_comment="pseudonymous: what the customer approved by itself, if it rests on that",
    )
    delegation = models.ForeignKey(
        "consent.Delegation",
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        db_comment="pseudonymous: by what somebody else does it for the customer, if so",
    )
    channel = models.CharField(max_length=16, db_comment="not sensitive: the door it was asked through")
    decision = models.UUIDField(db_comment="not sensitive: the decision that gave it")
    given_at = models.DateTimeField(db_comment="not sensitive")
    expires_at = models.DateTimeField(db_comment="not sensitive")
    ended_at = models.DateTimeField(null=True, db_comment="not sensitive: presented; it works no second time")
    end_reason = models.CharField(max_length=32, blank=True, db_comment="not sensitive")

    class Meta:
        indexes = (models.Index(fields=["expires_at"], name="approval_expires"),)

    def __str__(self) -> str:
        return str(self.pk)

    def end(self, at: datetime, reason: str) -> None:
        """Presented: used, or burnt."""
        self.ended_at, self.end_reason = at, reason
        self.save(update_fields=["ended_at", "end_reason"])
