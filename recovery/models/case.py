"""A recovery, what was shown in it, wrong guesses, and the addresses that recovery codes may go to."""

from datetime import datetime, timedelta
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import User
from ciam_portal import codes
from recovery.policy.evidence import Way
from recovery.policy.states import LIVE, State

_LIVE = [state.value for state in LIVE]


class CaseQuerySet(models.QuerySet["Case"]):
    """Reads over recoveries."""

    def live(self) -> Self:
        """Those that can still lead somewhere."""
        return self.filter(state__in=_LIVE)


class Case(models.Model):
    """One recovery of one account. Strength, risk and ``ready_at`` are kept for display: the policy works them out."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    customer = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recoveries", db_comment="pseudonymous")
    state = models.CharField(
        max_length=16, choices=[(state.value, state.value) for state in State], db_comment="not sensitive"
    )
    lost = ArrayField(
        models.CharField(max_length=16), default=list, db_comment="not sensitive: kinds of factors said to be lost"
    )
    key_digest = models.CharField(
        max_length=64, blank=True, db_comment="sensitive: digest of the key in the browser that began it"
    )
    opened_at = models.DateTimeField(db_comment="not sensitive")
    cooling_since = models.DateTimeField(null=True, db_comment="not sensitive: the wait began")
    risk = models.PositiveSmallIntegerField(null=True, db_comment="not sensitive: as weighed then; empty: not known")
    strength = models.PositiveSmallIntegerField(null=True, db_comment="not sensitive: of what was shown, for display")
    ready_at = models.DateTimeField(null=True, db_comment="not sensitive: end of the wait, for display")
    told_ready_at = models.DateTimeField(null=True, db_comment="not sensitive: the customer was told to finish")
    proposed_by = models.UUIDField(null=True, db_comment="pseudonymous: member of staff")
    proposed_at = models.DateTimeField(null=True, db_comment="not sensitive")
    approved_by = models.UUIDField(null=True, db_comment="pseudonymous: member of staff")
    approved_at = models.DateTimeField(null=True, db_comment="not sensitive")
    ended_at = models.DateTimeField(null=True, db_comment="not sensitive")

    objects = CaseQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=models.Q(state__in=[state.value for state in State]), name="case_state"),
            models.UniqueConstraint(
                fields=["customer"], condition=models.Q(state__in=_LIVE), name="case_one_live_per_customer"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=_LIVE, ended_at__isnull=True)
                | (~models.Q(state__in=_LIVE) & models.Q(ended_at__isnull=False)),
                name="case_ended_when_over",
            ),
            models.CheckConstraint(
                condition=models.Q(approved_by__isnull=True)
                | (models.Q(proposed_by__isnull=False) & ~models.Q(approved_by=models.F("proposed_by"))),
                name="case_approved_by_another",
            ),
            models.CheckConstraint(
                condition=(models.Q(proposed_by__isnull=True) | ~models.Q(proposed_by=models.F("customer")))
                & (models.Q(approved_by__isnull=True) | ~models.Q(approved_by=models.F("customer"))),
                name="case_never_helped_by_its_customer",
            ),
        )
        indexes = (
            models.Index(fields=["key_digest"], name="case_key"),
            models.Index(fields=["state", "opened_at"], name="case_state_opened"),
        )

    def __str__(self) -> str:
        return f"{self.state} {self.pk}"

    @property
    def is_live(self) -> bool:
        """It can still lead somewhere."""
        return self.state in _LIVE

    def become(self, state: State, at: datetime) -> None:
        """The next state; the caller has asked the transition table."""
        self.state = state
        self.ended_at = None if state in LIVE else at
        self.save(update_fields=["state", "ended_at"])

    def waits(self, *, since: datetime, until: datetime, risk: int | None, strength: int) -> None:
        """The wait begins."""
        self.cooling_since, self.ready_at, self.risk, self.strength = since, until, risk, strength
        self.save(update_fields=["cooling_since", "ready_at", "risk", "strength"])

    def told_ready(self, at: datetime) -> None:
        """The customer was told that it can be finished now."""
        self.told_ready_at = at
        self.save(update_fields=["told_ready_at"])


class Shown(models.Model):
    """One way in which something was shown in a recovery; using it again adds nothing."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="shown", db_comment="pseudonymous")
    way = models.CharField(max_length=16, choices=[(way.value, way.value) for way in Way], db_comment="not sensitive")
    at = models.DateTimeField(db_comment="not sensitive")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["case", "way"], name="shown_once_per_way"),)

    def __str__(self) -> str:
        return f"{self.way} {self.case_id}"


class Guesses(models.Model):
    """Wrong guesses at one customer's codes of one way since the last right one: too many end the way, not the rest."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    customer = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_comment="pseudonymous")
    way = models.CharField(max_length=16, db_comment="not sensitive")
    wrong = models.PositiveIntegerField(default=0, db_comment="not sensitive")
    last_at = models.DateTimeField(db_comment="not sensitive")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["customer", "way"], name="guesses_once_per_way"),)

    def __str__(self) -> str:
        return f"{self.way} {self.wrong}"

    def set(self, wrong: int, at: datetime) -> None:
        """So many by now."""
        self.wrong, self.last_at = wrong, at
        self.save(update_fields=["wrong", "last_at"])


class RecoveryAddressQuerySet(models.QuerySet["RecoveryAddress"]):
    """Reads over recovery addresses."""

    def kept(self) -> Self:
        """Not removed."""
        return self.filter(removed_at__isnull=True)

    def usable(self, at: datetime) -> Self:
        """Kept, and old enough to restore something."""
        return self.kept().filter(usable_from__lte=at)


class RecoveryAddress(models.Model):
    """A second address that the customer has proven: news goes there at once, recovery codes after a rest."""

    class Kind(models.TextChoices):
        """How a message gets there."""

        MAIL = "mail", "E-mail address"
        SMS = "sms", "Phone number"

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    customer = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="recovery_addresses", db_comment="pseudonymous"
    )
    kind = models.CharField(max_length=8, choices=Kind.choices, db_comment="not sensitive")
    address = models.CharField(max_length=254, db_comment="personal: contact; lower case, or E.164")
    proven_at = models.DateTimeField(db_comment="not sensitive")
    usable_from = models.DateTimeField(db_comment="not sensitive: before, it restores nothing")
    removed_at = models.DateTimeField(null=True, db_comment="not sensitive")

    objects = RecoveryAddressQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "kind", "address"],
                condition=models.Q(removed_at__isnull=True),
                name="recovery_address_once",
            ),
            models.CheckConstraint(
                condition=models.Q(usable_from__gte=models.F("proven_at") + timedelta(hours=24)),
                name="recovery_address_rests",
            ),
        )

    def __str__(self) -> str:
        return str(self.pk)

    def remove(self, at: datetime) -> None:
        """No longer one."""
        self.removed_at = at
        self.save(update_fields=["removed_at"])

    def put_back(self) -> None:
        """One again, as it was: taking it away was undone."""
        self.removed_at = None
        self.save(update_fields=["removed_at"])
