"""A recovery, and what was asked and shown in it."""

from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from accounts.models import User
from ciam_portal.core import reference, retention
from ciam_portal.core.crypto import codes
from ciam_portal.core.words import choices
from recovery.case.policy.evidence import Way
from recovery.case.policy.states import LIVE, State
from recovery.desk.policy import Outcome

_LIVE = [state.value for state in LIVE]
_HELPED = Q(opened_by__isnull=False)
_VOUCHED = Q(approved_by__isnull=False, approved_at__isnull=False)


class CaseQuerySet(models.QuerySet["Case"]):
    """Reads over recoveries."""

    def live(self) -> Self:
        """Those that can still lead somewhere."""
        return self.filter(state__in=_LIVE)

    def unclaimed(self) -> Self:
        """Those that staff opened for a caller, and on which nobody works."""
        return self.filter(_HELPED, claimed_by__isnull=True)

    def of_staff(self, person: UUID) -> Self:
        """Those that this member of staff opened, proposed or works on."""
        return self.filter(Q(opened_by=person) | Q(proposed_by=person) | Q(claimed_by=person))

    def to_approve(self, person: UUID) -> Self:
        """Proposals that wait for a second person, who may be this one."""
        part = Q(proposed_by=person) | Q(opened_by=person) | Q(approved_by=person) | Q(customer=person)
        return self.filter(state=State.PROPOSED).exclude(part)


@retention.kept(lambda rules, at: Q(ended_at__lt=at - timedelta(days=rules.retention.record_days)))
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
        max_length=64, blank=True, db_comment="sensitive: credential; digest of the key in the browser that began it"
    )
    opened_at = models.DateTimeField(db_comment="not sensitive")
    cooling_since = models.DateTimeField(null=True, db_comment="not sensitive: the wait began")
    risk = models.PositiveSmallIntegerField(null=True, db_comment="not sensitive: as weighed then; empty: not known")
    strength = models.PositiveSmallIntegerField(null=True, db_comment="not sensitive: of what was shown, for display")
    ready_at = models.DateTimeField(null=True, db_comment="not sensitive: end of the wait, for display")
    told_ready_at = models.DateTimeField(null=True, db_comment="not sensitive: the customer was told to finish")
    opened_by = models.UUIDField(null=True, db_comment="pseudonymous: member of staff; empty: the customer alone")
    release_to = models.CharField(
        max_length=64, blank=True, db_comment="pseudonymous: digest of the address that the customer's link goes to"
    )
    proposed_by = models.UUIDField(null=True, db_comment="pseudonymous: member of staff")
    proposed_at = models.DateTimeField(null=True, db_comment="not sensitive")
    approved_by = models.UUIDField(null=True, db_comment="pseudonymous: member of staff")
    approved_at = models.DateTimeField(null=True, db_comment="not sensitive")
    seconded_by = models.UUIDField(
        null=True, db_comment="pseudonymous: member of staff, the second of two who approve where little was shown"
    )
    seconded_at = models.DateTimeField(null=True, db_comment="not sensitive")
    takes_two = models.BooleanField(
        default=False, db_comment="not sensitive: little was noted, so two have to approve and it waits longest"
    )
    ended_at = models.DateTimeField(null=True, db_comment="not sensitive")
    claimed_by = models.UUIDField(null=True, db_comment="pseudonymous: member of staff who works on it")
    claimed_at = models.DateTimeField(null=True, db_comment="not sensitive")

    objects = CaseQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(state__in=[state.value for state in State]), name="case_state"),
            models.UniqueConstraint(
                fields=["customer"], condition=Q(state__in=_LIVE), name="case_one_live_per_customer"
            ),
            models.CheckConstraint(
                condition=Q(state__in=_LIVE, ended_at__isnull=True) | (~Q(state__in=_LIVE) & Q(ended_at__isnull=False)),
                name="case_ended_when_over",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | (Q(proposed_by__isnull=False) & ~Q(approved_by=F("proposed_by"))),
                name="case_approved_by_another",
            ),
            models.CheckConstraint(
                condition=(Q(proposed_by__isnull=True) | ~Q(proposed_by=F("customer")))
                & (Q(approved_by__isnull=True) | ~Q(approved_by=F("customer"))),
                name="case_never_helped_by_its_customer",
            ),
            models.CheckConstraint(
                condition=Q(opened_by__isnull=True, proposed_by__isnull=True) | (_HELPED & ~Q(opened_by=F("customer"))),
                name="case_helped_when_opened_by_staff",
            ),
            models.CheckConstraint(
                condition=Q(proposed_by__isnull=True, proposed_at__isnull=True, release_to="")
                | (Q(proposed_by__isnull=False, proposed_at__isnull=False) & ~Q(release_to="")),
                name="case_proposed_with_a_channel",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[State.PROPOSED.value, State.APPROVED.value]) | Q(proposed_by__isnull=False),
                name="case_proposed_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.APPROVED.value)
                & (Q(opened_by__isnull=True) | ~Q(state__in=[State.COOLING_OFF.value, State.COMPLETED.value]))
                | _VOUCHED,
                name="case_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("opened_by")),
                name="case_not_approved_by_its_opener",
            ),
            models.CheckConstraint(
                condition=Q(seconded_by__isnull=True, seconded_at__isnull=True)
                | (
                    Q(seconded_at__isnull=False, approved_by__isnull=False)
                    & ~Q(seconded_by=F("approved_by"))
                    & ~Q(seconded_by=F("proposed_by"))
                    & ~Q(seconded_by=F("opened_by"))
                    & ~Q(seconded_by=F("customer"))
                ),
                name="case_seconded_by_a_third",
            ),
            models.CheckConstraint(
                condition=Q(takes_two=False)
                | Q(seconded_by__isnull=False)
                | ~Q(state__in=[State.APPROVED.value, State.COOLING_OFF.value, State.COMPLETED.value]),
                name="case_seconded_where_it_takes_two",
            ),
            models.CheckConstraint(
                condition=Q(opened_by__isnull=True)
                | Q(state__in=[State.COOLING_OFF.value, State.COMPLETED.value])
                | Q(ended_at__isnull=False)
                | Q(key_digest=""),
                name="case_helped_has_no_key_before_its_wait",
            ),
            models.CheckConstraint(
                condition=Q(claimed_by__isnull=True, claimed_at__isnull=True)
                | Q(claimed_by__isnull=False, claimed_at__isnull=False, opened_by__isnull=False),
                name="case_claimed_when_helped",
            ),
        )
        indexes = (
            models.Index(fields=["key_digest"], name="case_key"),
            models.Index(fields=["state", "opened_at"], name="case_state_opened"),
            models.Index(reference.end(), name="case_reference"),
        )

    def __str__(self) -> str:
        return f"{self.state} {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  (Django's own form)
        """Keep the row, and say on the customer's own, which every request reads, whether a recovery is going on."""
        super().save(*args, **kwargs)
        live = Case.objects.live().filter(customer=OuterRef("pk"))
        User.objects.filter(pk=self.customer_id).update(is_recovering=Exists(live))

    @property
    def reference(self) -> str:
        """Its number, to be read aloud."""
        return reference.of(self.pk)

    @property
    def is_live(self) -> bool:
        """It can still lead somewhere."""
        return self.state in _LIVE

    def become(self, state: State, at: datetime) -> None:
        """The next state; the caller has asked the transition table."""
        self.state, self.ended_at = state, None if state in LIVE else at
        self.save(update_fields=["state", "ended_at"])

    def waits(self, *, since: datetime, until: datetime, risk: int | None, strength: int) -> None:
        """The wait begins."""
        self.cooling_since, self.ready_at, self.risk, self.strength = since, until, risk, strength
        self.save(update_fields=["cooling_since", "ready_at", "risk", "strength"])

    def propose(self, by: UUID, release_to: str, at: datetime) -> None:
        """A first person stands for it; the customer's link will go there."""
        self.proposed_by, self.proposed_at, self.release_to = by, at, release_to
        self.save(update_fields=["proposed_by", "proposed_at", "release_to"])

    def approve(self, by: UUID, at: datetime, *, takes_two: bool) -> None:
        """A second person stands for it; whether it takes a third is settled by that."""
        self.approved_by, self.approved_at, self.takes_two = by, at, takes_two
        self.save(update_fields=["approved_by", "approved_at", "takes_two"])

    def claim(self, by: UUID | None, at: datetime | None) -> None:
        """Somebody of the staff works on it; None: nobody."""
        self.claimed_by, self.claimed_at = by, at
        self.save(update_fields=["claimed_by", "claimed_at"])

    def second(self, by: UUID, at: datetime) -> None:
        """One more person stands for it, where it takes two."""
        self.seconded_by, self.seconded_at = by, at
        self.save(update_fields=["seconded_by", "seconded_at"])

    def held_by(self, key_digest: str) -> None:
        """From now on the browser with this key can finish it; with none, nobody can."""
        self.key_digest = key_digest
        self.save(update_fields=["key_digest"])

    def told_ready(self, at: datetime) -> None:
        """The customer was told that it can be finished now."""
        self.told_ready_at = at
        self.save(update_fields=["told_ready_at"])


class Shown(models.Model):
    """One way in which something was shown in a recovery; using it again adds nothing."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    case = models.ForeignKey(
        Case, on_delete=models.CASCADE, db_index=False, related_name="shown", db_comment="pseudonymous"
    )
    way = models.CharField(max_length=16, choices=[(way.value, way.value) for way in Way], db_comment="not sensitive")
    at = models.DateTimeField(db_comment="not sensitive")
    by = models.UUIDField(null=True, db_comment="pseudonymous: member of staff who noted it; empty: the customer")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["case", "way"], name="shown_once_per_way"),)

    def __str__(self) -> str:
        return f"{self.way} {self.case_id}"


class InquiryQuerySet(models.QuerySet["Inquiry"]):
    """Reads over what was asked."""

    def to_check(self, person: UUID) -> Self:
        """Documents that wait for a second agent, who may be this one."""
        part = Q(asked_by=person) | Q(case__opened_by=person) | Q(case__customer=person)
        return self.filter(way=Way.DOCUMENT, outcome="", case__state__in=_LIVE).exclude(part)


class Inquiry(models.Model):
    """One thing that the help desk asked about a caller, and what came of it. Codes only, nothing that was said."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="inquiries", db_comment="pseudonymous")
    way = models.CharField(max_length=16, choices=[(way.value, way.value) for way in Way], db_comment="not sensitive")
    asked_by = models.UUIDField(db_comment="pseudonymous: member of staff")
    asked_at = models.DateTimeField(db_comment="not sensitive")
    channel = models.CharField(
        max_length=64, blank=True, db_comment="pseudonymous: digest of the address or number it was asked of"
    )
    outcome = models.CharField(
        max_length=16, blank=True, choices=choices(Outcome), db_comment="not sensitive: a code; empty: still open"
    )
    ended_by = models.UUIDField(null=True, db_comment="pseudonymous: member of staff; empty: the customer")
    ended_at = models.DateTimeField(null=True, db_comment="not sensitive")

    objects = InquiryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "inquiries"
        constraints = (
            models.UniqueConstraint(fields=["case", "way"], condition=Q(outcome=""), name="inquiry_one_open_per_way"),
            models.CheckConstraint(
                condition=Q(outcome="", ended_at__isnull=True) | (~Q(outcome="") & Q(ended_at__isnull=False)),
                name="inquiry_ended_with_an_outcome",
            ),
            models.CheckConstraint(
                condition=~Q(way=Way.DOCUMENT.value, outcome=Outcome.CONFIRMED.value)
                | (Q(ended_by__isnull=False) & ~Q(ended_by=F("asked_by"))),
                name="inquiry_document_checked_by_another",
            ),
        )

    def __str__(self) -> str:
        return f"{self.way} {self.case_id}"

    def end(self, outcome: Outcome, by: UUID | None, at: datetime) -> None:
        """This came of it."""
        self.outcome, self.ended_by, self.ended_at = outcome.value, by, at
        self.save(update_fields=["outcome", "ended_by", "ended_at"])
