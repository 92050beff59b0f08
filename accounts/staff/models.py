"""Roles of staff as they change: proposed by one person, approved by another; or taken for an hour, and reviewed."""

from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from accounts.customer.models.user import User
from accounts.staff.policy import RoleState, Verb, WhyGlass, WhyRole
from ciam_portal.core import retention
from ciam_portal.core.crypto import codes
from ciam_portal.core.roles import Role
from ciam_portal.core.words import choices

_ROLES = [(role.value, role.value) for role in Role]
_NEITHER_IS_THE_PERSON = ~Q(approved_by=F("person")) & (Q(proposed_by__isnull=True) | ~Q(proposed_by=F("person")))


@retention.kept(
    lambda rules, at: Q(expires_at__lt=at - timedelta(days=rules.retention.record_days)) & ~Q(state=RoleState.PROPOSED)
)
class RoleChange(models.Model):
    """One change of a role. A grant bites once a second person has approved it; a revocation at once.

    ``proposed_by`` is empty for what the operator's command proposes; that too waits for an administrator.
    """

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="role_changes", db_comment="pseudonymous")
    role = models.CharField(max_length=16, choices=_ROLES, db_comment="not sensitive")
    verb = models.CharField(
        max_length=8, choices=[(item.value, item.value) for item in Verb], db_comment="not sensitive"
    )
    reason = models.CharField(max_length=24, choices=choices(WhyRole), db_comment="not sensitive: a code")
    state = models.CharField(
        max_length=16, choices=[(item.value, item.value) for item in RoleState], db_comment="not sensitive"
    )
    proposed_by = models.UUIDField(null=True, db_comment="pseudonymous: member of staff; empty: the operator's command")
    proposed_at = models.DateTimeField(db_comment="not sensitive")
    expires_at = models.DateTimeField(db_comment="not sensitive: until then it may be approved")
    approved_by = models.UUIDField(null=True, db_comment="pseudonymous: member of staff")
    approved_at = models.DateTimeField(null=True, db_comment="not sensitive")
    rejected_by = models.UUIDField(null=True, db_comment="pseudonymous: member of staff")
    rejected_at = models.DateTimeField(null=True, db_comment="not sensitive")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["person", "role"], condition=Q(state=RoleState.PROPOSED.value), name="role_change_one_open"
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | (Q(proposed_by__isnull=True) | ~Q(approved_by=F("proposed_by"))) & _NEITHER_IS_THE_PERSON,
                name="role_change_two_people",
            ),
            models.CheckConstraint(
                condition=~Q(verb=Verb.GRANT.value)
                | Q(state=RoleState.DONE.value, approved_by__isnull=False, approved_at__isnull=False)
                | (~Q(state=RoleState.DONE.value) & Q(approved_by__isnull=True, approved_at__isnull=True)),
                name="role_change_granted_when_approved",
            ),
            models.CheckConstraint(condition=Q(expires_at__gte=F("proposed_at")), name="role_change_expires_later"),
        )
        indexes = (models.Index(fields=["state", "-proposed_at"], name="role_change_state"),)

    def __str__(self) -> str:
        return f"{self.verb} {self.role}"

    def approve(self, by: UUID, at: datetime) -> None:
        """A second person said yes."""
        self.state, self.approved_by, self.approved_at = RoleState.DONE, by, at
        self.save(update_fields=["state", "approved_by", "approved_at"])

    def reject(self, by: UUID, at: datetime) -> None:
        """Somebody said no, or the proposer took it back."""
        self.state, self.rejected_by, self.rejected_at = RoleState.REJECTED, by, at
        self.save(update_fields=["state", "rejected_by", "rejected_at"])

    def expire(self) -> None:
        """Nobody approved it in time."""
        self.state = RoleState.EXPIRED
        self.save(update_fields=["state"])


class BreakGlassQuerySet(models.QuerySet["BreakGlass"]):
    """Reads over roles taken in an emergency."""

    def open_reviews(self) -> Self:
        """Those that no second administrator has looked at."""
        return self.filter(reviewed_at__isnull=True)


@retention.kept(lambda rules, at: Q(reviewed_at__lt=at - timedelta(days=rules.retention.record_days)))
class BreakGlass(models.Model):
    """A role taken by one person for a limited time, and the review that a second administrator owes it."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    person = models.ForeignKey(
        User, on_delete=models.CASCADE, db_index=False, related_name="break_glass", db_comment="pseudonymous"
    )
    role = models.CharField(max_length=16, choices=_ROLES, db_comment="not sensitive")
    reason = models.CharField(max_length=24, choices=choices(WhyGlass), db_comment="not sensitive: a code")
    asked_at = models.DateTimeField(db_comment="not sensitive")
    expires_at = models.DateTimeField(db_comment="not sensitive: the role ends by itself")
    reviewed_by = models.UUIDField(null=True, db_comment="pseudonymous: member of staff")
    reviewed_at = models.DateTimeField(null=True, db_comment="not sensitive")

    objects = BreakGlassQuerySet.as_manager()

    class Meta:
        verbose_name = "break-glass use"
        constraints = (
            models.UniqueConstraint(
                fields=["person"], condition=Q(reviewed_at__isnull=True), name="break_glass_one_unreviewed"
            ),
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True, reviewed_at__isnull=True)
                | (Q(reviewed_by__isnull=False, reviewed_at__isnull=False) & ~Q(reviewed_by=F("person"))),
                name="break_glass_reviewed_by_another",
            ),
            models.CheckConstraint(condition=Q(expires_at__gte=F("asked_at")), name="break_glass_ends_later"),
        )
        indexes = (models.Index(fields=["person", "expires_at"], name="break_glass_person"),)

    def __str__(self) -> str:
        return f"{self.role} until {self.expires_at:%Y-%m-%d %H:%M %Z}"

    def review(self, by: UUID, at: datetime) -> None:
        """A second administrator has looked at it; the role, if it still runs, ends."""
        self.reviewed_by, self.reviewed_at = by, at
        self.expires_at = max(self.asked_at, min(self.expires_at, at))
        self.save(update_fields=["reviewed_by", "reviewed_at", "expires_at"])
