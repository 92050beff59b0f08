"""Consent: one record for each customer and partner, consulted at the moment of every use."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from ciam_portal.core.crypto import codes
from ciam_portal.core.policy import limits
from ciam_portal.core.postgres.prepared import Part
from ciam_portal.oauth.models import RefreshToken

_A_MINUTE = timedelta(minutes=1)
_MARK = "UPDATE consent_consent AS consent SET last_used_at = %s FROM {done} WHERE consent.id = %s RETURNING 1"


class ConsentQuerySet(models.QuerySet["Consent"]):
    """Reads over consents."""

    def live(self) -> Self:
        """Given and not withdrawn."""
        return self.filter(ended_at__isnull=True)

    def unused(self, at: datetime) -> Self:
        """Live ones that nobody used for long, and that no app could use now in their customer's absence."""
        since = at - timedelta(days=limits.current().oauth.unused_days)
        away = RefreshToken.objects.filter(consent=models.OuterRef("pk"), revoked__isnull=True)
        standing = away.filter(idle_at__gt=at, expires_at__gt=at)
        idle = models.Q(last_used_at__lt=since) | models.Q(last_used_at=None)
        return self.live().filter(idle, ~models.Exists(standing), changed_at__lt=since)

    def of(self, customer: UUID) -> Self:
        """One customer's, with their partners, newest first."""
        return self.filter(customer_id=customer).select_related("partner").order_by("-given_at")

    def between(self, customer: UUID, partner: UUID) -> Self:
        """One customer's for one partner."""
        return self.filter(customer_id=customer, partner_id=partner)


class Consent(models.Model):
    """What one customer lets one partner see, from when until when."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        db_index=False,
        related_name="consents",
        db_comment="pseudonymous",
    )
    partner = models.ForeignKey(
        "oauth.Partner", on_delete=models.PROTECT, related_name="consents", db_comment="not sensitive"
    )
    sub = models.CharField(max_length=64, db_comment="pseudonymous: under which its partner knows the customer")
    scopes = ArrayField(models.CharField(max_length=64), db_comment="personal: choice; what is allowed now")
    declined = ArrayField(
        models.CharField(max_length=64), default=list, db_comment="personal: choice; asked for and refused"
    )
    resources = ArrayField(
        models.CharField(max_length=1024),
        default=list,
        db_comment="personal: choice; APIs of others that the partner may use this at",
    )
    given_at = models.DateTimeField(db_comment="not sensitive")
    changed_at = models.DateTimeField(db_comment="not sensitive: scopes last widened or narrowed")
    ended_at = models.DateTimeField(null=True, db_comment="not sensitive")
    last_used_at = models.DateTimeField(null=True, db_comment="not sensitive: to the minute")

    choices: list[dict[str, Any]] | None = None
    """What its customer said to its app, where that was read along with it (``consent.records.facts``)."""

    objects = ConsentQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "partner"], condition=models.Q(ended_at__isnull=True), name="consent_one_live"
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at__isnull=True) | models.Q(ended_at__gte=models.F("given_at")),
                name="consent_ends_after_start",
            ),
        )
        indexes = (
            models.Index(fields=["customer", "-given_at"], name="consent_customer"),
            models.Index(fields=["-given_at"], name="consent_given"),
            models.Index(fields=["sub"], name="consent_sub"),
        )

    def __str__(self) -> str:
        return str(self.pk)

    def answer(
        self, allowed: list[str], declined: list[str], at: datetime, *, resources: Iterable[str] | None = None
    ) -> None:
        """Another answer of the customer. ``resources``: None leaves those that were there."""
        self.scopes, self.declined, self.changed_at = allowed, declined, at
        self.resources = self.resources if resources is None else sorted(resources)
        self.save(update_fields=["scopes", "declined", "changed_at", "resources"])

    def used(self, at: datetime) -> None:
        """The partner looked. Written at most once a minute, so that reads stay cheap."""
        if self._is_marked_by(at):
            self.last_used_at = at
            self.save(update_fields=["last_used_at"])

    def marks(self, at: datetime) -> list[Part]:
        """The same for what is one statement (``prepared.insert``): what writes it, if it is to be written."""
        return [(_MARK, (at, self.pk))] if self._is_marked_by(at) else []

    def _is_marked_by(self, at: datetime) -> bool:
        return self.last_used_at is None or at - self.last_used_at >= _A_MINUTE

    def end(self, at: datetime) -> None:
        """Withdrawn."""
        self.ended_at = at
        self.save(update_fields=["ended_at"])
