"""Families, who belongs to them, and who answers for whom."""

from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from ciam_portal.core import mailbox, retention
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.words import choices
from consent.delegation.models import Delegation
from consent.delegation.shapes import Asked
from consent.family.shapes import PENDING, Asks, Band, Method, Over, Removing, Role


def _over(rules: Limits, at: datetime) -> models.Q:
    return models.Q(ended_at__lt=at - timedelta(days=rules.retention.record_days))


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


@retention.kept(_over)
class FamilyRequest(models.Model):
    """Something that one guardian asked for, and that somebody else has to say yes to."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    child = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_comment="pseudonymous"
    )
    asker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_comment="pseudonymous: which guardian"
    )
    kind = models.CharField(
        max_length=7, choices=[(each.value, each.value) for each in Asks], db_comment="personal: family; for what"
    )
    invited = models.EmailField(
        blank=True, db_comment="personal: people; address of who shall answer for the child too"
    )
    mailbox = models.EmailField(blank=True, db_comment="personal: people; what the addresses of that reader share")
    key = models.CharField(max_length=64, blank=True, db_comment="personal: family; purpose or action that it is about")
    version = models.UUIDField(null=True, db_comment="not sensitive: of the purpose, as it was read")
    ticked = ArrayField(
        models.CharField(max_length=32), default=list, db_comment="personal: family; categories allowed as well"
    )
    state = models.CharField(
        max_length=9, choices=[(each, each) for each in Asked], default=Asked.OPEN, db_comment="not sensitive"
    )
    made_at = models.DateTimeField(db_comment="not sensitive")
    expires_at = models.DateTimeField(db_comment="not sensitive: until then it can be answered")
    ended_at = models.DateTimeField(null=True, db_comment="not sensitive")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["child", "kind", "key"], condition=models.Q(state="open"), name="family_request_once"
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", ended_at=None)
                | (~models.Q(state="open") & models.Q(ended_at__isnull=False)),
                name="family_request_ends",
            ),
        )
        indexes = (
            models.Index(fields=["mailbox"], name="family_request_invited", condition=models.Q(state="open")),
            models.Index(fields=["ended_at"], name="family_request_ended"),
        )

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def shown(self) -> str:
        """The address as people write it."""
        return mailbox.spelled_out(self.invited) if self.invited else ""

    def end(self, state: Asked, at: datetime) -> None:
        """Answered, taken back or too old."""
        self.state, self.ended_at = state, at
        self.save(update_fields=["state", "ended_at"])


@retention.kept(_over)
class Removal(models.Model):
    """One guardian wants another one to answer for a child no longer. Two of our staff decide, after some days."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    child = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_comment="pseudonymous"
    )
    asker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_comment="pseudonymous: who wants it"
    )
    guardian = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_comment="pseudonymous: who shall go"
    )
    state = models.CharField(
        max_length=9, choices=[(each.value, each.value) for each in Removing], default=Removing.WAITING,
        db_comment="not sensitive",
    )  # fmt: skip
    asked_at = models.DateTimeField(db_comment="not sensitive")
    ready_at = models.DateTimeField(db_comment="not sensitive: nobody decides before")
    objected_at = models.DateTimeField(null=True, db_comment="not sensitive: the other guardian does not agree")
    removes = models.BooleanField(default=False, db_comment="not sensitive: what was proposed")
    proposed_by = models.UUIDField(null=True, db_comment="pseudonymous: one of the staff")
    decided_by = models.UUIDField(null=True, db_comment="pseudonymous: another one of the staff")
    ended_at = models.DateTimeField(null=True, db_comment="not sensitive")

    class Meta:
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(
                fields=["child"], condition=models.Q(state__in=PENDING), name="removal_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by=None) | ~models.Q(decided_by=models.F("proposed_by")),
                name="removal_takes_two",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=PENDING, ended_at=None)
                | (~models.Q(state__in=PENDING) & models.Q(ended_at__isnull=False)),
                name="removal_ends",
            ),
        )
        indexes = (models.Index(fields=["ended_at"], name="removal_ended"),)

    def __str__(self) -> str:
        return str(self.pk)

    def object_to(self, at: datetime) -> None:
        """The other guardian does not agree."""
        self.objected_at = at
        self.save(update_fields=["objected_at"])

    def propose(self, by: UUID, *, removes: bool) -> None:
        """What one of the staff proposes."""
        self.state, self.removes, self.proposed_by = Removing.PROPOSED, removes, by
        self.save(update_fields=["state", "removes", "proposed_by"])

    def end(self, state: Removing, at: datetime, by: UUID | None = None) -> None:
        """Decided, or taken back."""
        self.state, self.ended_at, self.decided_by = state, at, by
        self.save(update_fields=["state", "ended_at", "decided_by"])
