"""A delegation, and what was done with it."""

from datetime import date, datetime, timedelta
from typing import Self
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Coalesce

from ciam_portal.core import retention
from ciam_portal.core.crypto import codes
from ciam_portal.core.crypto.columns import COLUMNS, Column
from ciam_portal.core.policy import limits
from ciam_portal.core.words import choices
from consent.delegation.models.granted import Granted, over
from consent.delegation.shapes import LIVE, Ended, Kind, State, Terms

LONGEST = timedelta(days=366)
"""Nothing lasts longer than twelve months, whatever a policy says."""


class DelegationQuerySet(models.QuerySet["Delegation"]):
    """Reads over delegations."""

    def live(self) -> Self:
        """Active or paused; its time may be up all the same, which each use asks."""
        return self.filter(state__in=LIVE)

    def of_agent(self, owner: UUID, agent: UUID) -> Self:
        """By which this agent acts for this customer, or does not for now; one at most."""
        return self.live().filter(owner_id=owner, agent_id=agent)

    def of(self, owner: UUID) -> Self:
        """By which others may act for this customer, newest first."""
        return self.filter(owner_id=owner).order_by("-made_at", "-pk")

    def to(self, delegate: UUID) -> Self:
        """By which this person may act for others, newest first."""
        return self.filter(delegate_id=delegate).order_by("-made_at", "-pk")

    def offered(self, mailboxes: frozenset[str], at: datetime) -> Self:
        """Offers to whoever reads one of these mailboxes, that can still be answered."""
        theirs = self.filter(state=State.OFFERED, mailbox__in=mailboxes, expires_at__gt=at)
        return theirs.order_by("-made_at", "-pk")

    def due(self, at: datetime) -> Self:
        """Those whose time is up, or that nobody answered in time."""
        offered = models.Q(state=State.OFFERED, expires_at__lte=at)
        return self.filter(offered | models.Q(state__in=LIVE, ends_at__lte=at))

    def to_remind(self, at: datetime) -> Self:
        """Those of whose end nobody has been told, and which is near."""
        soon = at + timedelta(days=limits.current().delegation.reminder_days)
        return self.filter(state__in=LIVE, reminded_at=None, ends_at__gt=at, ends_at__lte=soon)


@retention.kept(over)
class Delegation(Granted):
    """What one customer lets one other person, or one agent, do for them, from when until when."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False, related_name="+",
        db_comment="pseudonymous: for whom",
    )  # fmt: skip
    kind = models.CharField(max_length=8, choices=[(each, each) for each in Kind], db_comment="not sensitive")
    delegate = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, db_index=False, related_name="+",
        db_comment="pseudonymous: who may act; none: an agent, or nobody yet",
    )  # fmt: skip
    agent = models.ForeignKey(
        "oauth.Partner", null=True, on_delete=models.PROTECT, db_index=False, related_name="+",
        db_comment="not sensitive: the program that may act",
    )  # fmt: skip
    state = models.CharField(max_length=8, choices=[(each, each) for each in State], db_comment="not sensitive")
    asks = ArrayField(
        models.CharField(max_length=64), default=list, db_comment="personal: choice; asked about each time"
    )
    partners = ArrayField(models.UUIDField(), default=list, db_comment="personal: choice; apps it is for; none: all")
    resources = ArrayField(
        models.CharField(max_length=1024), default=list, db_comment="personal: choice; APIs it is for, of agents"
    )
    currency = models.CharField(max_length=3, blank=True, db_comment="personal: choice; of the amounts")
    amount_each = models.PositiveBigIntegerField(null=True, db_comment="personal: choice; most at a time, minor units")
    amount_month = models.PositiveBigIntegerField(null=True, db_comment="personal: choice; most in a calendar month")
    times_day = models.PositiveIntegerField(null=True, db_comment="personal: choice; most acts in a day")
    starts_at = models.DateTimeField(db_comment="not sensitive")
    ends_at = models.DateTimeField(db_comment="not sensitive: from then on it counts for nothing")
    accepted_at = models.DateTimeField(null=True, db_comment="not sensitive: active since")
    renewed_at = models.DateTimeField(null=True, db_comment="not sensitive: its end was last set")
    reminded_at = models.DateTimeField(null=True, db_comment="not sensitive: both were told that it ends soon")
    ended_at = models.DateTimeField(null=True, db_comment="not sensitive")
    ended_by = models.UUIDField(null=True, db_comment="pseudonymous: owner or delegate; none: the portal")
    end_reason = models.CharField(max_length=16, blank=True, choices=choices(Ended), db_comment="not sensitive")
    session = models.UUIDField(null=True, db_comment="pseudonymous: of its owner's, in which it was made")
    # What was done this month and today, as its owner reckons: counted under the row's lock, never summed up.
    spent = models.PositiveBigIntegerField(default=0, db_comment="personal: transaction; in the month, minor units")
    spent_in = models.DateField(null=True, db_comment="not sensitive: first day of that month")
    done = models.PositiveIntegerField(default=0, db_comment="not sensitive: acts of the day")
    done_on = models.DateField(null=True, db_comment="not sensitive: that day")
    used_at = models.DateTimeField(null=True, db_comment="not sensitive: last act")

    objects = DelegationQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["owner", "delegate"], condition=models.Q(state__in=LIVE), name="delegation_one_with_a_person"
            ),
            models.UniqueConstraint(
                fields=["owner", "agent"], condition=models.Q(state__in=LIVE), name="delegation_one_with_an_agent"
            ),
            models.UniqueConstraint(
                fields=["owner", "mailbox"], condition=models.Q(state="offered"), name="delegation_one_open_offer"
            ),
            models.CheckConstraint(
                condition=models.Q(delegate__isnull=True) | ~models.Q(delegate=models.F("owner")),
                name="delegation_never_to_oneself",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="agent", agent__isnull=False, delegate__isnull=True)
                | (models.Q(agent__isnull=True) & ~models.Q(kind="agent")),
                name="delegation_to_a_person_or_an_agent",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=LIVE)
                | models.Q(accepted_at__isnull=False, delegate__isnull=False)
                | models.Q(accepted_at__isnull=False, agent__isnull=False),
                name="delegation_live_was_accepted",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="offered") | models.Q(expires_at__isnull=False, delegate__isnull=True),
                name="delegation_offered_expires",
            ),
            models.CheckConstraint(
                condition=(models.Q(state="ended", ended_at__isnull=False) & ~models.Q(end_reason=""))
                | (~models.Q(state="ended") & models.Q(ended_at__isnull=True, end_reason="")),
                name="delegation_ended_says_why",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at"))
                & models.Q(ends_at__lte=Coalesce(models.F("renewed_at"), models.F("starts_at")) + LONGEST),
                name="delegation_at_most_a_year",
            ),
            models.CheckConstraint(
                condition=models.Q(amount_each__isnull=True, amount_month__isnull=True, currency="")
                | (~models.Q(currency="") & ~models.Q(amount_each__isnull=True, amount_month__isnull=True)),
                name="delegation_amounts_have_a_currency",
            ),
        )
        indexes = (
            models.Index(fields=["owner", "-made_at"], name="delegation_owner"),
            models.Index(fields=["delegate", "-made_at"], name="delegation_delegate"),
            models.Index(fields=["agent"], name="delegation_agent", condition=models.Q(agent__isnull=False)),
            models.Index(fields=["mailbox"], name="delegation_offered", condition=models.Q(state="offered")),
            models.Index(fields=["ends_at"], name="delegation_ends", condition=models.Q(state__in=LIVE)),
            models.Index(fields=["ended_at"], name="delegation_ended"),
        )

    @property
    def terms(self) -> Terms:
        """What it lets its delegate do, as far as questions care."""
        return Terms(
            actions=tuple(self.actions),
            scopes=tuple(self.scopes),
            asks=tuple(self.asks),
            partners=tuple(self.partners),
            currency=self.currency or None,
            amount_each=self.amount_each,
            amount_month=self.amount_month,
            times_day=self.times_day,
        )

    def take(self, terms: Terms) -> None:
        """From now on it lets its delegate do this. Not saved yet."""
        self.actions, self.scopes, self.asks = sorted(terms.actions), sorted(terms.scopes), sorted(terms.asks)
        self.partners, self.currency = sorted(terms.partners), terms.currency or ""
        self.amount_each, self.amount_month, self.times_day = terms.amount_each, terms.amount_month, terms.times_day

    @property
    def version(self) -> str:
        """Names what it lets somebody do and until when: by it a form knows whether that was changed meanwhile."""
        return codes.handle(f"{self.terms} {self.ends_at}", "terms of a delegation")

    def spent_on(self, day: date) -> int:
        """What was spent in the month of this day of the owner's."""
        return self.spent if self.spent_in is not None and day.replace(day=1) <= self.spent_in else 0

    def done_by(self, day: date) -> int:
        """How often something was done on this day of the owner's."""
        return self.done if self.done_on is not None and day <= self.done_on else 0

    def begin(self, at: datetime) -> None:
        """Accepted, or granted: it counts from now on."""
        self.state, self.accepted_at, self.expires_at = State.ACTIVE, at, None
        self.save()

    def stand(self, state: State) -> None:
        """Paused, or active again."""
        self.state = state
        self.save(update_fields=["state"])

    def end(self, why: Ended, at: datetime, *, by: UUID | None) -> None:
        """Over, for good."""
        self.state, self.ended_at, self.end_reason, self.ended_by = State.ENDED, at, why.value, by
        self.save(update_fields=["state", "ended_at", "end_reason", "ended_by"])

    def change(self, terms: Terms, ends_at: datetime, at: datetime) -> None:
        """Other terms, and maybe another end."""
        if terms.currency != (self.currency or None):
            self.spent = 0
        self.take(terms)
        if ends_at != self.ends_at:
            self.ends_at, self.renewed_at, self.reminded_at = ends_at, at, None
        self.save()

    def remind(self, at: datetime) -> None:
        """Both know that it ends."""
        self.reminded_at = at
        self.save(update_fields=["reminded_at"])

    def count(self, amount: int, day: date, at: datetime) -> None:
        """One act more, on this day of the owner's. A day that lies before the last one counts as that one."""
        self.spent, self.done = self.spent_on(day) + amount, self.done_by(day) + 1
        first = day.replace(day=1)
        self.spent_in, self.done_on = max(first, self.spent_in or first), max(day, self.done_on or day)
        self.used_at = at
        self.save(update_fields=["spent", "spent_in", "done", "done_on", "used_at"])


COLUMNS.append(Column(Delegation.objects.all, "said", lambda row: row.context))


@retention.kept(lambda rules, at: models.Q(at__lt=at - timedelta(days=rules.retention.record_days)))
class DelegatedUse(models.Model):
    """One thing that a delegate did, which counted against the limits."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    delegation = models.ForeignKey(
        Delegation, on_delete=models.CASCADE, db_index=False, related_name="uses", db_comment="pseudonymous"
    )
    at = models.DateTimeField(db_comment="not sensitive")
    action = models.CharField(max_length=64, db_comment="personal: transaction; what was done")
    amount = models.PositiveBigIntegerField(null=True, db_comment="personal: transaction; in minor units")
    currency = models.CharField(max_length=3, blank=True, db_comment="personal: transaction; of the amount")
    decision = models.UUIDField(null=True, db_comment="not sensitive: by which it was allowed")

    class Meta:
        indexes = (
            models.Index(fields=["delegation", "-at"], name="delegated_use"),
            models.Index(fields=["at"], name="delegated_use_at"),
        )

    def __str__(self) -> str:
        return f"{self.action} {self.at:%Y-%m-%d %H:%M %Z}"
