"""Devices that wait to be allowed."""

from datetime import datetime, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models

from ciam_portal.core import retention
from ciam_portal.core.crypto import codes
from consent.device.policy import State

_KEPT = timedelta(hours=1)  # so that a second use is recognised as one, and not as an invented code
_SLOWER = 5  # seconds that are added each time (RFC 8628 section 3.5)


@retention.kept(lambda _rules, at: models.Q(expires_at__lt=at - _KEPT))
class DeviceCode(models.Model):
    """One device that waits. Of its codes, the one it holds and the one it shows, digests are kept only."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    digest = models.CharField(max_length=64, db_comment="sensitive: credential; digest of the device code")
    user_code = models.CharField(max_length=64, db_comment="sensitive: credential; digest of the code that is shown")
    partner = models.ForeignKey("oauth.Partner", on_delete=models.CASCADE, related_name="+", db_comment="not sensitive")
    scopes = ArrayField(models.CharField(max_length=64), db_comment="not sensitive: what it asks for")
    network = models.CharField(max_length=50, db_comment="personal: location; network prefix it asked from")
    country = models.CharField(max_length=2, blank=True, db_comment="personal: location; country it asked from")
    asked_at = models.DateTimeField(db_comment="not sensitive")
    expires_at = models.DateTimeField(db_comment="not sensitive")
    polled_at = models.DateTimeField(null=True, db_comment="not sensitive: when the device last asked for its tokens")
    interval = models.PositiveSmallIntegerField(db_comment="not sensitive: seconds between two such questions")
    session = models.ForeignKey(
        "accounts.Session",
        null=True,
        on_delete=models.CASCADE,
        related_name="+",
        db_comment="pseudonymous: in which its code was typed; nobody else can answer",
    )
    consent = models.ForeignKey(
        "consent.Consent", null=True, on_delete=models.CASCADE, related_name="+", db_comment="pseudonymous"
    )
    state = models.CharField(
        max_length=8, default=State.WAITING, choices=[(each, each) for each in State], db_comment="not sensitive"
    )

    class Meta:
        indexes = (models.Index(fields=["expires_at"], name="device_code_expires"),)
        constraints = (
            models.UniqueConstraint(fields=["digest"], name="device_code_once"),
            models.UniqueConstraint(fields=["user_code"], name="device_user_code_once"),
            models.CheckConstraint(
                condition=~models.Q(state__in=[State.ALLOWED, State.REDEEMED])
                | models.Q(session__isnull=False, consent__isnull=False),
                name="device_code_allowed_by_somebody",
            ),
        )

    def __str__(self) -> str:
        return str(self.pk)

    def poll(self, at: datetime) -> bool:
        """The device asks. Whether it waited for as long as it was told; if not, it waits longer from now on."""
        patient = self.polled_at is None or at - self.polled_at >= timedelta(seconds=self.interval)
        self.polled_at = at
        if not patient:
            self.interval += _SLOWER
        self.save(update_fields=["polled_at", "interval"])
        return patient

    def become(self, state: State) -> None:
        """Answered, or done with."""
        self.state = state
        self.save(update_fields=["state", "session", "consent", "scopes"])
