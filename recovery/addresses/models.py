"""The addresses that recovery codes may go to."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from ciam_portal.core import mailbox, retention
from ciam_portal.core.crypto import codes
from ciam_portal.core.outbox.notice import Medium


class RecoveryAddressQuerySet(models.QuerySet["RecoveryAddress"]):
    """Reads over recovery addresses."""

    def kept(self) -> Self:
        """Not removed."""
        return self.filter(removed_at__isnull=True)

    def usable(self, at: datetime) -> Self:
        """Kept, old enough to restore something, and reached by something that is there."""
        return self.kept().filter(usable_from__lte=at, kind__in=Medium.ways())


_KEPT = timedelta(days=31)  # longer than any undo reaches back, or any wait is weighed by it


@retention.kept(lambda _rules, at: Q(removed_at__lt=at - _KEPT))
class RecoveryAddress(models.Model):
    """A second address that the customer has proven: news goes there at once, recovery codes after a rest."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    customer = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="recovery_addresses", db_comment="pseudonymous"
    )
    kind = models.CharField(max_length=8, choices=Medium.choices, db_comment="not sensitive")
    address = models.CharField(max_length=254, db_comment="personal: recovery; in its canonical form, or E.164")
    proven_at = models.DateTimeField(db_comment="not sensitive")
    usable_from = models.DateTimeField(db_comment="not sensitive: before, it restores nothing")
    removed_at = models.DateTimeField(null=True, db_comment="not sensitive")

    objects = RecoveryAddressQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(fields=["address"], name="recovery_address"),
            models.Index(fields=["removed_at"], condition=Q(removed_at__isnull=False), name="recovery_address_removed"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "kind", "address"],
                condition=Q(removed_at__isnull=True),
                name="recovery_address_once",
            ),
            models.CheckConstraint(
                condition=Q(usable_from__gte=F("proven_at") + timedelta(hours=24)),
                name="recovery_address_rests",
            ),
        )

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_reached(self) -> bool:
        """Whether anything can be sent to it."""
        return Medium(self.kind).is_there

    @property
    def shown(self) -> str:
        """The address or number as people write it."""
        return mailbox.shown(self.address)

    def remove(self, at: datetime) -> None:
        """No longer one."""
        self.removed_at = at
        self.save(update_fields=["removed_at"])

    def put_back(self) -> None:
        """One again, as it was: taking it away was undone."""
        self.removed_at = None
        self.save(update_fields=["removed_at"])
