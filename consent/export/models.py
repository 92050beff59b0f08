"""A copy of a customer's data: what became of it, and its sealed parts."""

from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.conf import settings
from django.db import models

from ciam_portal.core import retention
from ciam_portal.core.crypto import codes, vault
from ciam_portal.core.crypto.columns import COLUMNS, Column
from consent.export.policy import State

CLAIMED = timedelta(minutes=5)
"""A worker that died while it made a copy loses it after so long; one that lives says so with each table."""
MOST_TRIES = 5


class ExportQuerySet(models.QuerySet["Export"]):
    """Reads over copies."""

    def of(self, customer: UUID) -> Self:
        """One customer's, newest first."""
        return self.filter(customer_id=customer).order_by("-asked_at", "-pk")

    def waiting(self, at: datetime) -> Self:
        """Those that nobody is making."""
        free = models.Q(claimed_until__isnull=True) | models.Q(claimed_until__lte=at)
        return self.filter(free, state=State.MAKING)


@retention.kept(lambda _rules, at: models.Q(expires_at__lt=at))
class Export(models.Model):
    """One copy that a customer asked for. Its parts are there once it is ready, until it is over or replaced."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        db_index=False,
        related_name="+",
        db_comment="pseudonymous",
    )
    state = models.CharField(
        max_length=16, choices=[(each, each) for each in State], default=State.MAKING, db_comment="not sensitive"
    )
    asked_at = models.DateTimeField(db_comment="not sensitive")
    expires_at = models.DateTimeField(db_comment="not sensitive: until then it is offered, then deleted")
    attempts = models.PositiveSmallIntegerField(default=0, db_comment="not sensitive: workers that began to make it")
    claimed_until = models.DateTimeField(null=True, db_comment="not sensitive: a worker is at it until then")
    done = models.PositiveSmallIntegerField(default=0, db_comment="not sensitive: tables that are in it")
    tables = models.PositiveSmallIntegerField(default=0, db_comment="not sensitive: tables that will be in it")
    size = models.PositiveBigIntegerField(default=0, db_comment="not sensitive: bytes of the file")
    ready_at = models.DateTimeField(null=True, db_comment="not sensitive")
    taken_at = models.DateTimeField(null=True, db_comment="not sensitive: last taken away")

    objects = ExportQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["customer"], condition=models.Q(state__in=["making", "ready"]), name="export_one_of_a_customer"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="ready") | models.Q(ready_at__isnull=False), name="export_ready_since"
            ),
        )
        indexes = (
            models.Index(fields=["customer", "-asked_at"], name="export_customer"),
            models.Index(fields=["expires_at"], name="export_expires"),
            models.Index(fields=["asked_at"], name="export_making", condition=models.Q(state="making")),
        )

    def __str__(self) -> str:
        return f"{self.state} {self.asked_at:%Y-%m-%d %H:%M %Z}"

    def claim(self, tables: int, at: datetime) -> None:
        """A worker begins, from the beginning: what another left unfinished is dropped."""
        self.parts.all().delete()
        self.attempts, self.tables, self.done, self.claimed_until = self.attempts + 1, tables, 0, at + CLAIMED
        self.save(update_fields=["attempts", "tables", "done", "claimed_until"])

    def progress(self, at: datetime) -> bool:
        """One more table is in it. False: this worker lost it meanwhile, or nobody wants it any more."""
        self.done += 1
        mine = Export.objects.filter(pk=self.pk, state=State.MAKING, attempts=self.attempts)
        return mine.update(done=self.done, claimed_until=at + CLAIMED) == 1

    def finish(self, size: int, days: int, at: datetime) -> None:
        """It is ready, and offered from now on."""
        self.state, self.size, self.ready_at, self.claimed_until = State.READY, size, at, None
        self.expires_at = at + timedelta(days=days)
        self.save(update_fields=["state", "size", "ready_at", "claimed_until", "expires_at"])

    def drop(self, state: State) -> None:
        """It is not offered any more, and nothing of it stays."""
        self.parts.all().delete()
        self.state, self.claimed_until = state, None
        self.save(update_fields=["state", "claimed_until"])

    def taken(self, at: datetime) -> None:
        """The customer has it."""
        self.taken_at = at
        self.save(update_fields=["taken_at"])


class ExportPart(models.Model):
    """Some of its bytes, sealed. In the order of their numbers they make the file."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    export = models.ForeignKey(
        Export, on_delete=models.CASCADE, db_index=False, related_name="parts", db_comment="pseudonymous"
    )
    attempt = models.PositiveSmallIntegerField(db_comment="not sensitive: of the worker that made it")
    number = models.PositiveIntegerField(db_comment="not sensitive")
    sealed = models.TextField(db_comment="sensitive: request; everything that is kept about the customer, sealed")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["export", "attempt", "number"], name="export_part_once"),)

    def __str__(self) -> str:
        return f"{self.number} of {self.export_id}"

    @property
    def context(self) -> str:
        """For what it is sealed."""
        return f"export:{self.export_id}:{self.number}"

    @classmethod
    def keep(cls, export: Export, number: int, plain: bytes) -> None:
        """One more part."""
        part = cls(export=export, attempt=export.attempts, number=number)
        part.sealed = vault.seal(plain, part.context)
        part.save(force_insert=True)

    def opened(self) -> bytes:
        """Its bytes. Raises CannotOpen."""
        return vault.unseal(self.sealed, self.context)


COLUMNS.append(Column(ExportPart.objects.all, "sealed", lambda row: row.context))
