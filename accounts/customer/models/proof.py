"""What was sent to an address to prove that someone reads it."""

from datetime import datetime, timedelta

from django.db import models

from accounts.customer.models.user import User
from ciam_portal.core import retention
from ciam_portal.core.crypto import codes

_KEPT = timedelta(days=7)  # a dead link says so, and why


@retention.kept(lambda _rules, at: models.Q(expires_at__lt=at - _KEPT))
class Proof(models.Model):
    """A link or code on its way to an address: single use, digest only, bound to its purpose, short-lived."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    customer = models.ForeignKey(
        User, on_delete=models.CASCADE, db_index=False, related_name="proofs", db_comment="pseudonymous"
    )
    purpose = models.CharField(max_length=20, db_comment="not sensitive")
    digest = models.CharField(max_length=64, db_comment="sensitive: credential; digest of the link or code")
    address = models.EmailField(blank=True, db_comment="personal: email; where it was sent")
    bound_to = models.CharField(
        max_length=64, blank=True, db_comment="pseudonymous: the session or state it belongs to"
    )
    password = models.CharField(
        max_length=128,
        blank=True,
        db_comment="sensitive: credential; hash of the password that the link brings to a new account",
    )
    created_at = models.DateTimeField(db_comment="not sensitive")
    expires_at = models.DateTimeField(db_comment="not sensitive")
    used_at = models.DateTimeField(null=True, db_comment="not sensitive: spent or replaced")
    attempts = models.PositiveSmallIntegerField(default=0, db_comment="not sensitive: wrong guesses so far")

    class Meta:
        indexes = (
            models.Index(fields=["digest"], name="proof_digest"),
            models.Index(fields=["customer", "purpose"], name="proof_customer"),
            models.Index(fields=["expires_at"], name="proof_expires"),
        )

    def __str__(self) -> str:
        return f"{self.purpose} {self.pk}"

    def is_live(self, at: datetime) -> bool:
        """Neither spent nor expired; the instant of expiry belongs to "expired"."""
        return self.used_at is None and at < self.expires_at

    def spend(self, at: datetime) -> None:
        """Used, or replaced by a newer one."""
        self.used_at = at
        self.save(update_fields=["used_at"])

    def missed(self) -> None:
        """One more wrong guess."""
        self.attempts += 1
        self.save(update_fields=["attempts"])
