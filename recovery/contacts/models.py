"""The people whom a customer trusts to help them back in, and when the customer last looked who they are."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models

from accounts.models import User
from ciam_portal.core import mailbox, retention
from ciam_portal.core.crypto import codes


class ContactQuerySet(models.QuerySet["Contact"]):
    """Reads over recovery contacts."""

    def kept(self) -> Self:
        """Neither removed nor declined; invited only, or accepted."""
        return self.filter(removed_at__isnull=True, declined_at__isnull=True)

    def usable(self, at: datetime) -> Self:
        """Accepted, and long enough ago to help."""
        return self.kept().filter(usable_from__lte=at)


# Longer than any undo reaches back, or any wait is weighed by it (policy/numbers.py: 720 and 336 hours).
_KEPT = timedelta(days=31)
_OVER = models.Q(removed_at__isnull=False) | models.Q(declined_at__isnull=False) | models.Q(accepted_at__isnull=True)


def _is_over(_rules: object, at: datetime) -> models.Q:
    """No contact any more, or never answered."""
    gone = models.Q(removed_at__lt=at - _KEPT) | models.Q(declined_at__lt=at - _KEPT)
    return _OVER & (gone | models.Q(accepted_at__isnull=True, invited_at__lt=at - _KEPT))


@retention.kept(_is_over)
class Contact(models.Model):
    """Somebody whom the customer trusts to pass on a code. They see nothing of the account, and need not have one."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    customer = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="recovery_contacts", db_comment="pseudonymous"
    )
    name = models.CharField(max_length=64, db_comment="personal: people; what the customer calls somebody else")
    address = models.EmailField(db_comment="personal: people; address of somebody else, in its canonical form")
    invited_at = models.DateTimeField(db_comment="not sensitive")
    accepted_at = models.DateTimeField(null=True, db_comment="not sensitive")
    usable_from = models.DateTimeField(null=True, db_comment="not sensitive: before, they can help with nothing")
    declined_at = models.DateTimeField(null=True, db_comment="not sensitive")
    removed_at = models.DateTimeField(null=True, db_comment="not sensitive")

    objects = ContactQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "address"],
                condition=models.Q(removed_at__isnull=True, declined_at__isnull=True),
                name="contact_once",
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at__isnull=True, usable_from__isnull=True)
                | models.Q(
                    accepted_at__isnull=False,
                    usable_from__isnull=False,
                    declined_at__isnull=True,
                    usable_from__gte=models.F("accepted_at") + timedelta(hours=24),
                ),
                name="contact_accepted_and_rests",
            ),
        )
        indexes = (models.Index(fields=["invited_at"], name="contact_over", condition=_OVER),)

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def shown(self) -> str:
        """The address as people write it."""
        return mailbox.shown(self.address)

    def accept(self, at: datetime, usable_from: datetime) -> None:
        """They will help."""
        self.accepted_at, self.usable_from = at, usable_from
        self.save(update_fields=["accepted_at", "usable_from"])

    def decline(self, at: datetime) -> None:
        """They will not."""
        self.declined_at = at
        self.save(update_fields=["declined_at"])

    def remove(self, at: datetime | None) -> None:
        """No longer one; None: one again, as before, because taking them away was undone."""
        self.removed_at = at
        self.save(update_fields=["removed_at"])


class Review(models.Model):
    """When a customer was last reminded of where their recovery goes."""

    customer = models.OneToOneField(
        User, on_delete=models.CASCADE, primary_key=True, related_name="+", db_comment="pseudonymous"
    )
    reminded_at = models.DateTimeField(db_comment="not sensitive")

    def __str__(self) -> str:
        return str(self.pk)
