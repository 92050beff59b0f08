"""What a customer asked the help desk to look at."""

from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.customer.models.user import User
from ciam_portal.core import reference, retention
from ciam_portal.core.crypto import codes


class DisputeQuerySet(models.QuerySet["Dispute"]):
    """Reads over disputes."""

    def opened_since(self, customer: UUID, since: datetime) -> Self:
        """What this customer contested after an instant."""
        return self.filter(customer=customer, kind=Dispute.Kind.CONTESTED, opened_at__gt=since)


@retention.kept(lambda rules, at: models.Q(closed_at__lt=at - timedelta(days=rules.retention.record_days)))
class Dispute(models.Model):
    """One question to the help desk: about a decision that stopped the customer, or a sign-in that was not theirs.

    Closing it says what was found. It changes nothing about the customer, and no decision; but that holding a sign-in
    was too careful lets the strongest proof open the door for a while (``facts.vouched_until``).
    """

    class Kind(models.TextChoices):
        """What it is about."""

        CONTESTED = "contested", _("Contested decision")
        NOT_ME = "not_me", _("Sign-in or change that was not the customer's")

    class State(models.TextChoices):
        """Where it stands."""

        OPEN = "open", _("Open")
        CLOSED = "closed", _("Closed")

    class Outcome(models.TextChoices):
        """What the help desk found."""

        EXPLAINED = "explained", _("Explained: the decision was right")
        MISTAKEN = "mistaken", _("The decision was too careful")
        ATTACK = "attack", _("It was somebody else")
        RECOGNIZED = "recognized", _("It was the customer after all")
        NO_ANSWER = "no_answer", _("The customer could not be reached")

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    customer = models.ForeignKey(
        User, on_delete=models.CASCADE, db_index=False, related_name="disputes", db_comment="pseudonymous"
    )
    decision = models.UUIDField(null=True, db_comment="pseudonymous: the decision it is about")
    session = models.UUIDField(null=True, db_comment="pseudonymous: the session that was not the customer's")
    change = models.UUIDField(null=True, db_comment="pseudonymous: the change that was not the customer's")
    kind = models.CharField(max_length=16, choices=Kind.choices, db_comment="not sensitive")
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN, db_comment="not sensitive")
    opened_at = models.DateTimeField(db_comment="not sensitive")
    closed_at = models.DateTimeField(null=True, db_comment="not sensitive")
    closed_by = models.UUIDField(null=True, db_comment="pseudonymous: member of staff")
    outcome = models.CharField(
        max_length=16, blank=True, choices=Outcome.choices, db_comment="not sensitive: what was found"
    )

    objects = DisputeQuerySet.as_manager()

    class Meta:
        constraints = (
            # Not only while open: a decision is looked at once.
            models.UniqueConstraint(fields=["decision"], name="dispute_once_per_decision"),
            models.UniqueConstraint(fields=["session"], name="dispute_once_per_session"),
            models.UniqueConstraint(fields=["change"], name="dispute_once_per_change"),
            models.CheckConstraint(
                condition=models.Q(decision__isnull=False)
                | models.Q(session__isnull=False)
                | models.Q(change__isnull=False),
                name="dispute_is_about_something",
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", closed_at__isnull=True, closed_by__isnull=True, outcome="")
                | (models.Q(state="closed", closed_at__isnull=False, closed_by__isnull=False) & ~models.Q(outcome="")),
                name="dispute_closed_with_an_outcome",
            ),
            models.CheckConstraint(
                condition=models.Q(closed_by__isnull=True) | ~models.Q(closed_by=models.F("customer")),
                name="dispute_never_closed_by_its_customer",
            ),
        )
        indexes = (
            models.Index(fields=["customer", "-opened_at"], name="dispute_customer"),
            models.Index(fields=["state", "-opened_at"], name="dispute_state"),
            models.Index(reference.end(), name="dispute_reference"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.opened_at:%Y-%m-%d %H:%M %Z}"

    @property
    def reference(self) -> str:
        """Its number, to be read aloud."""
        return reference.of(self.pk)

    @property
    def is_open(self) -> bool:
        """Nobody has answered it yet."""
        return self.state == self.State.OPEN

    @property
    def doubted_at(self) -> datetime | None:
        """When it was said, if it was, that something was not the customer; not what turned out to be them."""
        if self.outcome == self.Outcome.ATTACK:
            return self.closed_at
        is_doubt = self.kind == self.Kind.NOT_ME and self.outcome != self.Outcome.RECOGNIZED
        return self.opened_at if is_doubt else None

    def close(self, outcome: str, by: UUID, at: datetime) -> None:
        """Answered."""
        self.state, self.outcome, self.closed_by, self.closed_at = self.State.CLOSED, outcome, by, at
        self.save(update_fields=["state", "outcome", "closed_by", "closed_at"])
