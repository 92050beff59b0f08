"""A change of what an account rests on, kept so that it can be taken back."""

from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.customer.models.user import User
from ciam_portal.core import retention
from ciam_portal.core.crypto import codes
from ciam_portal.core.crypto.columns import COLUMNS, Column


class ChangeQuerySet(models.QuerySet["Change"]):
    """Reads over changes."""

    def standing_since(self, customer: UUID, since: datetime) -> Self:
        """What was changed from this instant on and not taken back, newest first."""
        return self.filter(customer=customer, undone_at__isnull=True, at__gte=since).order_by("-at", "-pk")


@retention.kept(lambda rules, at: models.Q(at__lt=at - timedelta(hours=rules.proof.disown_hours)))
class Change(models.Model):
    """One change that its owner is told about with a link that takes it back, while that link lives.

    ``previous`` is sealed for this customer: the address or number before, or the row of a factor that was removed.
    A password is never kept.
    """

    class Kind(models.TextChoices):
        """What was changed."""

        PASSWORD = "password", _("Password changed")
        EMAIL = "email", _("Email address changed")
        PHONE = "phone", _("Phone number changed")
        FACTOR_ADDED = "factor_added", _("Second step added")
        FACTOR_REMOVED = "factor_removed", _("Second step removed")
        BACKUP_CODES = "backup_codes", _("New backup codes made")
        RECOVERY_ADDRESS = "recovery_address", _("Recovery address added or removed")
        SIGN_IN_LINKED = "sign_in_linked", _("Sign-in with another service linked")
        SIGN_IN_UNLINKED = "sign_in_unlinked", _("Sign-in with another service unlinked")

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    customer = models.ForeignKey(
        User, on_delete=models.CASCADE, db_index=False, related_name="changes", db_comment="pseudonymous"
    )
    kind = models.CharField(max_length=16, choices=Kind.choices, db_comment="not sensitive")
    at = models.DateTimeField(db_comment="not sensitive")
    session = models.UUIDField(null=True, db_comment="pseudonymous: the session that made it")
    method = models.CharField(max_length=16, blank=True, db_comment="not sensitive: the kind of factor")
    key = models.CharField(max_length=40, blank=True, db_comment="pseudonymous: the row of the factor")
    previous = models.TextField(blank=True, db_comment="sensitive: former; sealed, what stood there before")
    undone_at = models.DateTimeField(null=True, db_comment="not sensitive")

    objects = ChangeQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(undone_at__isnull=True) | models.Q(undone_at__gte=models.F("at")),
                name="change_undone_after_it_was_made",
            ),
            # Nothing sealed outlives its use.
            models.CheckConstraint(
                condition=models.Q(undone_at__isnull=True) | models.Q(previous=""), name="change_undone_keeps_nothing"
            ),
        )
        indexes = (
            models.Index(fields=["customer", "-at"], name="change_customer"),
            models.Index(fields=["at"], name="change_at"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M %Z}"

    @property
    def context(self) -> str:
        """For what ``previous`` is sealed."""
        return f"change:{self.customer_id}:{self.kind}"

    def undo(self, at: datetime) -> None:
        """Taken back; what was kept for that is forgotten."""
        self.undone_at, self.previous = max(at, self.at), ""  # clocks of two machines differ a little
        self.save(update_fields=["undone_at", "previous"])


COLUMNS.append(Column(Change.objects.all, "previous", lambda row: row.context))
