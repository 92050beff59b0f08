"""Whom a customer named, what became of it, and what staff have seen."""

from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import User
from ciam_portal.core import mailbox, reference, retention
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy import limits
from ciam_portal.core.words import choices
from recovery.succession.policy import WhyRejected
from recovery.succession.shapes import LIVE, How, Kind, Seen, Stands, State, Via

LEAST = timedelta(days=30)
"""Nothing begins sooner after the approval, whatever a policy says."""


def _over(rules: limits.Limits, at: datetime) -> models.Q:
    return models.Q(ended_at__lt=at - timedelta(days=rules.retention.record_days))


class SuccessorQuerySet(models.QuerySet["Successor"]):
    """Reads over named successors."""

    def there(self) -> Self:
        """Named, whether they have answered or not."""
        return self.exclude(stands=Stands.GONE)


@retention.kept(_over)
class Successor(models.Model):
    """Somebody whom a customer named for the day on which they cannot look after things themselves."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    customer = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="+", db_comment="pseudonymous: who named them"
    )
    person = models.ForeignKey(
        User, null=True, on_delete=models.CASCADE, related_name="+",
        db_comment="pseudonymous: who it is; nobody until they have accepted",
    )  # fmt: skip
    address = models.EmailField(db_comment="personal: people; address that the invitation was sent to")
    mailbox = models.EmailField(db_comment="personal: people; what the addresses of that reader share")
    may = ArrayField(models.CharField(max_length=8), default=list, db_comment="personal: choice; what they get")
    stands = models.CharField(max_length=8, choices=[(each, each) for each in Stands], db_comment="not sensitive")
    named_at = models.DateTimeField(db_comment="not sensitive")
    expires_at = models.DateTimeField(db_comment="not sensitive: until then they can accept")
    accepted_at = models.DateTimeField(null=True, db_comment="not sensitive")
    ended_at = models.DateTimeField(null=True, db_comment="not sensitive")

    objects = SuccessorQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["customer"], condition=~models.Q(stands="gone"), name="successor_one"),
            models.CheckConstraint(
                condition=models.Q(person__isnull=True) | ~models.Q(person=models.F("customer")),
                name="successor_is_somebody_else",
            ),
            models.CheckConstraint(
                condition=~models.Q(stands="accepted") | models.Q(person__isnull=False, accepted_at__isnull=False),
                name="successor_accepted_is_somebody",
            ),
        )
        indexes = (
            models.Index(fields=["mailbox"], name="successor_invited", condition=models.Q(stands="invited")),
            models.Index(fields=["ended_at"], name="successor_ended"),
        )

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def shown(self) -> str:
        """The address as people write it."""
        return mailbox.spelled_out(self.address)

    def accept(self, person: UUID, at: datetime) -> None:
        """They will."""
        self.person_id, self.stands, self.accepted_at = person, Stands.ACCEPTED, at
        self.save(update_fields=["person", "stands", "accepted_at"])

    def go(self, at: datetime) -> None:
        """They do not, or not any more."""
        self.stands, self.ended_at = Stands.GONE, at
        self.save(update_fields=["stands", "ended_at"])


class SuccessionQuerySet(models.QuerySet["Succession"]):
    """Reads over cases."""

    def live(self) -> Self:
        """Those that can still lead somewhere."""
        return self.filter(state__in=LIVE)

    def stoppable(self) -> Self:
        """The same, and what has begun."""
        return self.filter(state__in=[*LIVE, State.GRANTED])

    def due(self, at: datetime) -> Self:
        """Those whose wait is over."""
        return self.filter(state=State.WAITS, ready_at__lte=at)

    def to_tell(self, before: datetime) -> Self:
        """Those of which the customer was last told before then."""
        return self.live().filter(told_at__lte=before)


@retention.kept(_over)
class Succession(models.Model):
    """One case: somebody says that a customer has died, or cannot look after things themselves."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    customer = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_comment="pseudonymous")
    successor = models.ForeignKey(
        Successor, on_delete=models.CASCADE, related_name="cases", db_comment="pseudonymous: for whom"
    )
    kind = models.CharField(max_length=10, choices=choices(Kind), db_comment="personal: request; what is said to be so")
    state = models.CharField(max_length=8, choices=[(each, each) for each in State], db_comment="not sensitive")
    opened_at = models.DateTimeField(db_comment="not sensitive")
    told_at = models.DateTimeField(db_comment="not sensitive: every channel of the customer was last told")
    proposed_by = models.UUIDField(null=True, db_comment="pseudonymous: the first of the help desk")
    proposed_at = models.DateTimeField(null=True, db_comment="not sensitive")
    approved_by = models.UUIDField(null=True, db_comment="pseudonymous: the second of the help desk")
    approved_at = models.DateTimeField(null=True, db_comment="not sensitive")
    ready_at = models.DateTimeField(null=True, db_comment="not sensitive: nothing begins before")
    rejected = models.CharField(
        max_length=16, blank=True, choices=choices(WhyRejected), db_comment="not sensitive: why staff said no"
    )
    stopped_via = models.CharField(
        max_length=8, blank=True, choices=[(each, each) for each in Via], db_comment="not sensitive"
    )
    ended_at = models.DateTimeField(null=True, db_comment="not sensitive: begun, rejected or stopped")

    objects = SuccessionQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        verbose_name_plural = "successions"
        constraints = (
            models.UniqueConstraint(fields=["customer"], condition=models.Q(state__in=LIVE), name="succession_one"),
            models.CheckConstraint(
                condition=models.Q(approved_by__isnull=True) | ~models.Q(approved_by=models.F("proposed_by")),
                name="succession_by_two",
            ),
            models.CheckConstraint(
                condition=models.Q(ready_at__isnull=True)
                | models.Q(approved_at__isnull=False, ready_at__gte=models.F("approved_at") + LEAST),
                name="succession_waits_a_month",
            ),
        )
        indexes = (
            models.Index(fields=["ready_at"], name="succession_due", condition=models.Q(state="waits")),
            models.Index(fields=["told_at"], name="succession_told", condition=models.Q(state__in=LIVE)),
            models.Index(fields=["ended_at"], name="succession_ended"),
        )

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def reference(self) -> str:
        """By which people and our help desk speak of it."""
        return reference.of(self.pk)

    def propose(self, by: UUID, at: datetime) -> None:
        """The first of two people."""
        self.state, self.proposed_by, self.proposed_at = State.PROPOSED, by, at
        self.save(update_fields=["state", "proposed_by", "proposed_at"])

    def approve(self, by: UUID, at: datetime, ready_at: datetime) -> None:
        """The second; it waits from now on."""
        self.state, self.approved_by, self.approved_at, self.ready_at = State.WAITS, by, at, ready_at
        self.told_at = at
        self.save(update_fields=["state", "approved_by", "approved_at", "ready_at", "told_at"])

    def told(self, at: datetime) -> None:
        """Every channel was."""
        self.told_at = at
        self.save(update_fields=["told_at"])

    def end(self, state: State, at: datetime, *, rejected: str = "", via: str = "") -> None:
        """Begun, rejected, or stopped."""
        self.state, self.ended_at, self.rejected, self.stopped_via = state, at, rejected, via
        self.save(update_fields=["state", "ended_at", "rejected", "stopped_via"])


class SuccessionNote(models.Model):
    """What one of the staff has seen. No document, no picture, no number of one."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    case = models.ForeignKey(Succession, on_delete=models.CASCADE, related_name="notes", db_comment="pseudonymous")
    seen = models.CharField(max_length=20, choices=choices(Seen), db_comment="personal: request; what was seen")
    how = models.CharField(max_length=12, choices=choices(How), db_comment="not sensitive: how")
    by = models.UUIDField(db_comment="pseudonymous: who of the staff")
    at = models.DateTimeField(db_comment="not sensitive")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["case", "seen"], name="succession_noted_once"),)

    def __str__(self) -> str:
        return str(self.pk)
