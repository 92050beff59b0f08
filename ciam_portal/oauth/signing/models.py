"""The keys that the portal made to sign with; the private half is sealed."""

from datetime import datetime
from typing import Self

from django.db import models

from ciam_portal.core import retention
from ciam_portal.core.crypto import codes
from ciam_portal.core.crypto.columns import COLUMNS, Column


class Use(models.TextChoices):
    """For what a key signs. Each has its own keys, published by themselves, so that neither passes for the other."""

    TOKENS = "tokens"  # and whatever else partners receive
    RECEIPTS = "receipts"


class SigningKeyQuerySet(models.QuerySet["SigningKey"]):
    """Reads over the keys."""

    def published(self, at: datetime) -> Self:
        """Those that partners may meet, or will."""
        return self.filter(models.Q(ends_at=None) | models.Q(ends_at__gt=at)).order_by("signs_from")

    def standing(self, algorithm: str, use: str = Use.TOKENS) -> Self:
        """Those of one algorithm and use that sign, have signed until now, or wait; in that order."""
        return self.filter(algorithm=algorithm, use=use, ends_at=None).order_by("signs_from")


@retention.kept(lambda _rules, at: models.Q(ends_at__lt=at))
class SigningKey(models.Model):
    """One key, for one algorithm (RFC 7518 section 3.1)."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    kid = models.CharField(max_length=43, db_comment="not sensitive: its thumbprint (RFC 7638)")
    algorithm = models.CharField(max_length=5, db_comment="not sensitive")
    use = models.CharField(
        max_length=16, choices=Use.choices, default=Use.TOKENS, db_comment="not sensitive: for what it signs"
    )
    public = models.JSONField(db_comment="not sensitive: the public half, a JWK")
    sealed = models.TextField(
        blank=True, db_comment="secret: the private half, sealed; empty once it signs nothing any more"
    )
    signs_from = models.DateTimeField(db_comment="not sensitive: it is published before")
    ends_at = models.DateTimeField(
        null=True, db_comment="not sensitive: until when it is published; empty while it signs or waits"
    )

    objects = SigningKeyQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["kid"], name="signing_key_once"),
            models.CheckConstraint(
                condition=models.Q(ends_at=None) | models.Q(sealed=""), name="signing_key_ends_without_private_half"
            ),
        )

    def __str__(self) -> str:
        return f"{self.algorithm} {self.kid}"

    @property
    def context(self) -> str:
        """For what it is sealed."""
        return f"signing key:{self.kid}"

    def begin(self, at: datetime) -> None:
        """It signs from now on, not later."""
        self.signs_from = at
        self.save(update_fields=["signs_from"])

    def end(self, until: datetime) -> None:
        """It signs no more, and cannot; it is published until then."""
        self.ends_at, self.sealed = until, ""
        self.save(update_fields=["ends_at", "sealed"])


COLUMNS.append(Column(SigningKey.objects.all, "sealed", lambda row: row.context))
