"""What delegations and requests for one have in common."""

from datetime import datetime, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models

from ciam_portal.core import mailbox, reference
from ciam_portal.core.crypto import codes, vault
from ciam_portal.core.policy import limits


def over(rules: limits.Limits, at: datetime) -> models.Q:
    """Ended long ago."""
    return models.Q(ended_at__lt=at - timedelta(days=rules.retention.record_days))


class Granted(models.Model):
    """What is offered, asked for or granted, and between whom by address."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    invited = models.EmailField(
        blank=True, db_comment="personal: people; address that it was sent to, in its canonical form"
    )
    mailbox = models.EmailField(blank=True, db_comment="personal: people; what the addresses of that reader share")
    preset = models.CharField(max_length=24, blank=True, db_comment="personal: choice; what it began with")
    scopes = ArrayField(
        models.CharField(max_length=64), default=list, db_comment="personal: choice; data that may be seen"
    )
    actions = ArrayField(models.CharField(max_length=64), default=list, db_comment="personal: choice; what may be done")
    said = models.TextField(blank=True, db_comment="personal: request; why, in the words of whoever began it, sealed")
    made_at = models.DateTimeField(db_comment="not sensitive")
    expires_at = models.DateTimeField(null=True, db_comment="not sensitive: until then it can be answered")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def shown(self) -> str:
        """The address as people write it, with its domain as DNS knows it where that differs."""
        return mailbox.spelled_out(self.invited) if self.invited else ""

    @property
    def reference(self) -> str:
        """By which people and our help desk speak of it."""
        return reference.of(self.pk)

    @property
    def context(self) -> str:
        """For what the reason is sealed."""
        return f"{self._meta.model_name}:{self.pk}"

    @property
    def reason(self) -> str:
        """Why, in the words of whoever began it. Raises CannotOpen."""
        return vault.unseal(self.said, self.context).decode() if self.said else ""

    def write(self, reason: str) -> None:
        """Seal the reason. For one that is not stored yet."""
        self.said = vault.seal(reason.encode(), self.context) if reason else ""
