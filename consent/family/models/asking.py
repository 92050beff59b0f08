"""What is asked in a family, and waits for somebody else."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from ciam_portal.core import mailbox, retention
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy.limits import Limits
from consent.delegation.shapes import Asked
from consent.family.shapes import PENDING, Asks, Removing


def _over(rules: Limits, at: datetime) -> models.Q:
    return models.Q(ended_at__lt=at - timedelta(days=rules.retention.record_days))


@retention.kept(_over)
class FamilyRequest(models.Model):
    """Something that one guardian asked for, and that somebody else has to say yes to."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    child = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_comment="pseudonymous"
    )
    asker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_comment="pseudonymous: which guardian"
    )
    kind = models.CharField(
        max_length=7, choices=[(each.value, each.value) for each in Asks], db_comment="personal: family; for what"
    )
    invited = models.EmailField(
        blank=True, db_comment="personal: people; address of who shall answer for the child too"
    )
    mailbox = models.EmailField(blank=True, db_comment="personal: people; what the addresses of that reader share")
    key = models.CharField(max_length=64, blank=True, db_comment="personal: family; purpose or action that it is about")
    version = models.UUIDField(null=True, db_comment="not sensitive: of the purpose, as it was read")
    ticked = ArrayField(
        models.CharField(max_length=32), default=list, db_comment="personal: family; categories allowed as well"
    )
    state = models.CharField(
        max_length=9, choices=[(each, each) for each in Asked], default=Asked.OPEN, db_comment="not sensitive"
    )
    made_at = models.DateTimeField(db_comment="not sensitive")
    expires_at = models.DateTimeField(db_comment="not sensitive: until then it can be answered")
    ended_at = models.DateTimeField(null=True, db_comment="not sensitive")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["child", "kind", "key"], condition=models.Q(state="open"), name="family_request_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", ended_at=None)
                | (~models.Q(state="open") & models.Q(ended_at__isnull=False)),
                name="family_request_ends",
            ),
        )
        indexes = (
            models.Index(fields=["mailbox"], name="family_request_invited", condition=models.Q(state="open")),
            models.Index(fields=["ended_at"], name="family_request_ended"),
        )

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def shown(self) -> str:
        """The address as people write it."""
        return mailbox.spelled_out(self.invited) if self.invited else ""

    def end(self, state: Asked, at: datetime) -> None:
        """Answered, taken back or too old."""
        self.state, self.ended_at = state, at
        self.save(update_fields=["state", "ended_at"])


@retention.kept(_over)
class Removal(models.Model):
    """One guardian wants another one to answer for a child no longer. Two of our staff decide, after some days."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    child = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_comment="pseudonymous"
    )
    asker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_comment="pseudonymous: who wants it"
    )
    guardian = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_comment="pseudonymous: who shall go"
    )
    state = models.CharField(
        max_length=9, choices=[(each.value, each.value) for each in Removing], default=Removing.WAITING,
        db_comment="not sensitive",
    )  # fmt: skip
    asked_at = models.DateTimeField(db_comment="not sensitive")
    ready_at = models.DateTimeField(db_comment="not sensitive: nobody decides before")
    objected_at = models.DateTimeField(null=True, db_comment="not sensitive: the other guardian does not agree")
    removes = models.BooleanField(default=False, db_comment="not sensitive: what was proposed")
    proposed_by = models.UUIDField(null=True, db_comment="pseudonymous: one of the staff")
    decided_by = models.UUIDField(null=True, db_comment="pseudonymous: another one of the staff")
    ended_at = models.DateTimeField(null=True, db_comment="not sensitive")

    class Meta:
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(
                fields=["child"], condition=models.Q(state__in=PENDING), name="removal_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by=None) | ~models.Q(decided_by=models.F("proposed_by")),
                name="removal_takes_two",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=PENDING, ended_at=None)
                | (~models.Q(state__in=PENDING) & models.Q(ended_at__isnull=False)),
                name="removal_ends",
            ),
        )
        indexes = (models.Index(fields=["ended_at"], name="removal_ended"),)

    def __str__(self) -> str:
        return str(self.pk)

    def object_to(self, at: datetime) -> None:
        """The other guardian does not agree."""
        self.objected_at = at
        self.save(update_fields=["objected_at"])

    def propose(self, by: UUID, *, removes: bool) -> None:
        """What one of the staff proposes."""
        self.state, self.removes, self.proposed_by = Removing.PROPOSED, removes, by
        self.save(update_fields=["state", "removes", "proposed_by"])

    def end(self, state: Removing, at: datetime, by: UUID | None = None) -> None:
        """Decided, or taken back."""
        self.state, self.ended_at, self.decided_by = state, at, by
        self.save(update_fields=["state", "ended_at", "decided_by"])
