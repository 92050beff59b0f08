"""A customer's request about their data, with its clock."""

from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.conf import settings
from django.db import models

from ciam_portal.core import reference, retention
from ciam_portal.core.crypto import codes, vault
from ciam_portal.core.crypto.columns import COLUMNS, Column
from ciam_portal.core.policy import limits
from ciam_portal.core.words import choices
from consent.rights.policy import About, Answer, Kind, State, WhyLonger


class RequestQuerySet(models.QuerySet["Request"]):
    """Reads over requests."""

    def of(self, customer: UUID) -> Self:
        """One customer's, newest first."""
        return self.filter(customer_id=customer).order_by("-asked_at", "-pk")

    def open(self) -> Self:
        """Those that nobody has answered, the most urgent first."""
        return self.filter(state=State.OPEN).order_by("due_at")

    def restricting(self) -> Self:
        """Those by which the use of their customer's data rests now."""
        return self.filter(kind=Kind.RESTRICT, is_restricted=True)

    def to_remind(self, at: datetime) -> Self:
        """Those of which staff have to be reminded."""
        return self.filter(
            state=State.OPEN, reminded_at=None, asked_at__lte=at - timedelta(days=limits.current().rights.reminder_days)
        )


@retention.kept(lambda rules, at: models.Q(ended_at__lt=at - timedelta(days=rules.retention.record_days)))
class Request(models.Model):
    """One request. Of what the customer wrote, only staff who answer it read anything."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False, related_name="+", db_comment="pseudonymous"
    )
    kind = models.CharField(max_length=16, choices=choices(Kind), db_comment="personal: request; what is asked for")
    about = models.CharField(max_length=16, choices=choices(About), db_comment="personal: request; what it is about")
    said = models.TextField(blank=True, db_comment="personal: request; what the customer wrote, sealed")
    state = models.CharField(
        max_length=16, choices=[(each, each) for each in State], default=State.OPEN, db_comment="not sensitive"
    )
    asked_at = models.DateTimeField(db_comment="not sensitive")
    due_at = models.DateTimeField(db_comment="not sensitive: until then it has to be answered")
    longer = models.CharField(
        max_length=16, blank=True, choices=choices(WhyLonger), db_comment="personal: request; why it takes longer"
    )
    reminded_at = models.DateTimeField(null=True, db_comment="not sensitive: when staff were reminded of it")
    answer = models.CharField(
        max_length=16, blank=True, choices=choices(Answer), db_comment="personal: request; what staff answered"
    )
    answered_by = models.UUIDField(null=True, db_comment="pseudonymous: member of staff")
    ended_at = models.DateTimeField(null=True, db_comment="not sensitive: answered, or taken back")
    is_restricted = models.BooleanField(
        default=False, db_comment="personal: request; by it the use of the customer's data rests"
    )

    objects = RequestQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "kind", "about"], condition=models.Q(state="open"), name="request_once_while_open"
            ),
            models.UniqueConstraint(
                fields=["customer"], condition=models.Q(is_restricted=True), name="request_restricts_once"
            ),
            models.CheckConstraint(
                condition=models.Q(answered_by__isnull=True) | ~models.Q(answered_by=models.F("customer")),
                name="request_never_answered_by_its_customer",
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", ended_at__isnull=True, answer="")
                | models.Q(state="withdrawn", ended_at__isnull=False, answer="")
                | (
                    models.Q(state="answered", ended_at__isnull=False, answered_by__isnull=False) & ~models.Q(answer="")
                ),
                name="request_ends_with_an_answer",
            ),
            models.CheckConstraint(
                condition=models.Q(is_restricted=False) | models.Q(kind="restrict"), name="request_restricts_by_kind"
            ),
        )
        indexes = (
            models.Index(fields=["customer", "-asked_at"], name="request_customer"),
            models.Index(fields=["due_at"], name="request_open", condition=models.Q(state="open")),
            models.Index(fields=["ended_at"], name="request_ended"),
            models.Index(fields=["-asked_at"], name="request_asked"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.state} {self.asked_at:%Y-%m-%d}"

    @property
    def reference(self) -> str:
        """By which customer and staff speak of it."""
        return reference.of(self.pk)

    @property
    def context(self) -> str:
        """For what the text is sealed."""
        return f"request:{self.pk}"

    @property
    def text(self) -> str:
        """What the customer wrote. Raises CannotOpen."""
        return vault.unseal(self.said, self.context).decode() if self.said else ""

    def write(self, text: str) -> None:
        """Seal it. For one that is not stored yet."""
        self.said = vault.seal(text.encode(), self.context) if text else ""

    def end(self, state: State, at: datetime, *, answer: str = "", by: UUID | None = None) -> None:
        """It is over. What was written is not needed any more."""
        self.state, self.ended_at, self.answer, self.answered_by, self.said = state, at, answer, by, ""
        self.save(update_fields=["state", "ended_at", "answer", "answered_by", "said"])

    def extend(self, why: str, days: int) -> None:
        """It takes longer."""
        self.longer, self.due_at = why, self.due_at + timedelta(days=days)
        self.save(update_fields=["longer", "due_at"])

    def restrict(self, is_restricted: bool) -> None:  # noqa: FBT001  (a fact)
        """By it the use of the customer's data rests, or does not any more."""
        self.is_restricted = is_restricted
        self.save(update_fields=["is_restricted"])

    def reminded(self, at: datetime) -> None:
        """Staff know."""
        self.reminded_at = at
        self.save(update_fields=["reminded_at"])


COLUMNS.append(Column(Request.objects.all, "said", lambda row: row.context))
