"""A deletion that a customer asked for: it waits, is kept from happening, or is carried out."""

from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.db import models

from ciam_portal.core import erasing, retention
from ciam_portal.core.crypto import codes

_OPEN = models.Q(kept_at__isnull=True, erased_at__isnull=True)


class DeletionQuerySet(models.QuerySet["Deletion"]):
    """Reads over deletions."""

    def waiting(self) -> Self:
        """Those that can still be kept from happening."""
        return self.filter(_OPEN, began_at__isnull=True)

    def of(self, customer: UUID) -> "Deletion | None":
        """The one of this customer that waits."""
        return self.waiting().filter(customer=customer).first()

    def begun(self) -> Self:
        """Those that are being carried out."""
        return self.filter(_OPEN, began_at__isnull=False)


def _over(before: datetime) -> models.Q:
    return models.Q(kept_at__lt=before) | models.Q(erased_at__lt=before)


@erasing.stays("It says that and when somebody was erased, under a number that names nobody any more.")
@retention.kept(lambda rules, at: _over(at - timedelta(days=rules.retention.record_days)))
class Deletion(models.Model):
    """One deletion of one account, and what became of it."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    customer = models.UUIDField(db_comment="pseudonymous: whose; no foreign key, for it outlives them")
    session = models.UUIDField(
        null=True, db_comment="pseudonymous: in which it was asked for; none: erased again after a backup was restored"
    )
    asked_at = models.DateTimeField(db_comment="not sensitive")
    due_at = models.DateTimeField(db_comment="not sensitive: from then on it is carried out")
    reminded_at = models.DateTimeField(null=True, db_comment="not sensitive")
    kept_at = models.DateTimeField(null=True, db_comment="not sensitive: taken back")
    began_at = models.DateTimeField(null=True, db_comment="not sensitive: from then on there was no way back")
    erased_at = models.DateTimeField(null=True, db_comment="not sensitive: nothing is left")
    rows = models.PositiveIntegerField(default=0, db_comment="not sensitive: how many went")

    objects = DeletionQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["customer"], condition=_OPEN, name="deletion_one_open"),
            models.CheckConstraint(
                condition=models.Q(kept_at__isnull=True) | models.Q(began_at__isnull=True),
                name="deletion_kept_or_begun",
            ),
            models.CheckConstraint(
                condition=models.Q(erased_at__isnull=True) | models.Q(began_at__isnull=False),
                name="deletion_begun_before_it_is_done",
            ),
        )
        indexes = (models.Index(fields=["due_at"], condition=_OPEN, name="deletion_due"),)

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def waits(self) -> bool:
        """It can still be kept from happening."""
        return self.kept_at is None and self.began_at is None

    def told_again(self, at: datetime) -> None:
        """The customer was reminded."""
        self.reminded_at = at
        self.save(update_fields=["reminded_at"])

    def keep(self, at: datetime) -> None:
        """Taken back."""
        self.kept_at = at
        self.save(update_fields=["kept_at"])

    def begin(self, at: datetime) -> None:
        """No way back."""
        self.began_at = at
        self.save(update_fields=["began_at"])

    def went(self, rows: int) -> None:
        """So many more."""
        self.rows += rows
        self.save(update_fields=["rows"])

    @property
    def seal(self) -> str:
        """Stands beside its customer's id in the list of those that are gone: nobody else's id gets on it."""
        return codes.pseudonym(str(self.customer), "erased")

    def done(self, at: datetime) -> None:
        """Nothing is left."""
        self.erased_at = at
        self.save(update_fields=["erased_at"])
