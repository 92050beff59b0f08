"""Families, who belongs to them, and who answers for whom."""

from datetime import datetime
from typing import Self
from uuid import UUID

from django.conf import settings
from django.db import models

from ciam_portal.core.crypto import codes
from ciam_portal.core.words import choices
from consent.delegation.models import Delegation
from consent.family.shapes import Band, Method, Over, Role


class Dependant(models.Model):
    """Somebody whose account others made for them. Without ``claimed_at`` nobody can sign in to it."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="dependant", db_comment="pseudonymous"
    )
    born_on = models.DateField(db_comment="personal: family; date of birth, as a guardian said it")
    country = models.CharField(max_length=2, blank=True, db_comment="personal: family; where they live; empty: unknown")
    made_at = models.DateTimeField(db_comment="not sensitive")
    known_as = models.CharField(
        max_length=8, choices=[(each.value, each.value) for each in Band], default=Band.CHILD,
        db_comment="personal: family; child, teenager or grown up, as it was last written down",
    )  # fmt: skip
    told_of = models.CharField(
        max_length=8, blank=True, choices=[(each.value, each.value) for each in Band],
        db_comment="not sensitive: what guardians were told they become soon",
    )  # fmt: skip
    claimed_at = models.DateTimeField(null=True, db_comment="not sensitive: they sign in themselves since")
    protected_at = models.DateTimeField(null=True, db_comment="not sensitive: guardians can do nothing since")
    protected_by = models.UUIDField(null=True, db_comment="pseudonymous: who of the staff did that")

    class Meta:
        default_permissions = ("view",)
        constraints = (
            models.CheckConstraint(condition=models.Q(country__regex=r"^([A-Z]{2})?$"), name="dependant_country"),
        )

    def __str__(self) -> str:
        return str(self.pk)

    def tell(self, coming: Band) -> None:
        """Guardians know what they become soon."""
        self.told_of = coming
        self.save(update_fields=["told_of"])

    def grow(self, now: Band) -> None:
        """That they have come of an age is written down."""
        self.known_as = now
        self.save(update_fields=["known_as"])

    def claim(self, at: datetime) -> None:
        """They sign in themselves."""
        self.claimed_at = at
        self.save(update_fields=["claimed_at"])

    def protect(self, at: datetime | None, by: UUID | None) -> None:
        """Guardians can do nothing for them since then; None: they can again."""
        self.protected_at, self.protected_by = at, by
        self.save(update_fields=["protected_at", "protected_by"])


class Family(models.Model):
    """Whom somebody looks after: theirs alone. Separated parents have one each, with the same child in both."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    guardian = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="family", db_comment="pseudonymous"
    )
    made_at = models.DateTimeField(db_comment="not sensitive")

    def __str__(self) -> str:
        return str(self.pk)


class Membership(models.Model):
    """That somebody belongs to a family, as what, and how long. It lets nobody do anything."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    family = models.ForeignKey(
        Family, on_delete=models.CASCADE, db_index=False, related_name="members", db_comment="pseudonymous"
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False, related_name="memberships",
        db_comment="pseudonymous",
    )  # fmt: skip
    role = models.CharField(
        max_length=8, choices=[(each.value, each.value) for each in Role], db_comment="personal: family; as what"
    )
    from_at = models.DateTimeField(db_comment="not sensitive")
    until_at = models.DateTimeField(null=True, db_comment="not sensitive: not any more since")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["family", "person"], condition=models.Q(until_at=None), name="membership_once_at_a_time"
            ),
        )
        indexes = (models.Index(fields=["person", "-from_at"], name="membership_person"),)

    def __str__(self) -> str:
        return str(self.pk)


class ResponsibilityQuerySet(models.QuerySet["ParentalResponsibility"]):
    """Reads over who answers for whom."""

    def live(self) -> Self:
        """Those that hold."""
        return self.filter(until_at=None)

    def staying(self) -> Self:
        """Those that hold, of guardians who can use their accounts and keep them."""
        return self.live().filter(guardian__is_active=True, guardian__erase_at=None)

    def to_hand_over(self, guardian: UUID) -> Self:
        """For whom somebody answered until they grew up, who have no sign-in of their own yet."""
        return self.by(guardian).filter(over=Over.GROWN_UP, child__dependant__claimed_at=None)

    def by(self, guardian: UUID) -> Self:
        """For whom somebody answers, the eldest first."""
        found = self.filter(guardian_id=guardian).select_related("child__dependant", "delegation")
        return found.order_by("child__dependant__born_on", "pk")

    def of(self, child: UUID) -> Self:
        """Who answers for somebody, in the order in which they came."""
        return self.filter(child_id=child).select_related("guardian", "delegation").order_by("from_at", "pk")


class ParentalResponsibility(models.Model):
    """That somebody answers for a child. What they may do, the delegation that was made by it says."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    guardian = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False, related_name="responsibilities",
        db_comment="pseudonymous",
    )  # fmt: skip
    child = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False, related_name="guardians",
        db_comment="pseudonymous",
    )  # fmt: skip
    method = models.CharField(
        max_length=8, choices=choices(Method),
        db_comment="personal: family; how it is known",
    )  # fmt: skip
    proof = models.UUIDField(null=True, db_comment="pseudonymous: decision by which it was believed")
    delegation = models.OneToOneField(
        Delegation, null=True, on_delete=models.SET_NULL, related_name="responsibility", db_comment="pseudonymous"
    )
    from_at = models.DateTimeField(db_comment="not sensitive")
    until_at = models.DateTimeField(null=True, db_comment="not sensitive: not any more since")
    over = models.CharField(
        max_length=8, blank=True, choices=[(each.value, each.value) for each in Over],
        db_comment="personal: family; why not any more",
    )  # fmt: skip

    objects = ResponsibilityQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["guardian", "child"], condition=models.Q(until_at=None), name="responsibility_once_at_a_time"
            ),
            models.CheckConstraint(
                condition=~models.Q(guardian=models.F("child")), name="responsibility_never_for_oneself"
            ),
        )
        indexes = (
            models.Index(fields=["guardian", "-from_at"], name="responsibility_guardian"),
            models.Index(fields=["child", "-from_at"], name="responsibility_child"),
        )

    def __str__(self) -> str:
        return str(self.pk)

    def end(self, why: Over, at: datetime) -> None:
        """Not any more."""
        self.until_at, self.over = at, why
        self.save(update_fields=["until_at", "over"])
