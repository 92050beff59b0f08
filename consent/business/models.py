"""Businesses, their members, roles of their own, and removals of owners that are not decided yet."""

from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from ciam_portal.core import mailbox, reference, retention
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy import limits
from ciam_portal.core.words import choices
from consent.business.shapes import OPEN, Removal, Stands, Verdict, Why
from consent.delegation.models import Delegation
from consent.delegation.shapes import Terms

_THERE = (Stands.INVITED, Stands.MEMBER)


def _over(rules: limits.Limits, at: datetime) -> models.Q:
    return models.Q(ended_at__lt=at - timedelta(days=rules.retention.record_days))


class Business(models.Model):
    """A customer that nobody signs in as. The lock on this row is held by whatever changes who belongs to it."""

    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, primary_key=True, on_delete=models.CASCADE, related_name="+",
        db_comment="pseudonymous: whose name, state and data are the business's",
    )  # fmt: skip
    made_at = models.DateTimeField(db_comment="not sensitive")

    def __str__(self) -> str:
        return str(self.pk)


class BusinessRole(models.Model):
    """A role of one business's own: a name, and what it lets its members do, up to where."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, db_index=False, related_name="roles", db_comment="pseudonymous: whose"
    )
    name = models.CharField(max_length=60, db_comment="personal: choice; what it is called")
    actions = ArrayField(models.CharField(max_length=64), default=list, db_comment="personal: choice; what may be done")
    scopes = ArrayField(models.CharField(max_length=64), default=list, db_comment="personal: choice; what may be seen")
    currency = models.CharField(max_length=3, blank=True, db_comment="personal: choice; of the amounts")
    amount_each = models.PositiveBigIntegerField(null=True, db_comment="personal: choice; most at a time, minor units")
    amount_month = models.PositiveBigIntegerField(null=True, db_comment="personal: choice; most in a calendar month")
    times_day = models.PositiveIntegerField(null=True, db_comment="personal: choice; most acts in a day")
    made_at = models.DateTimeField(db_comment="not sensitive")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["business", "name"], name="business_role_name"),)

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def terms(self) -> Terms:
        """The same, as questions about delegations know it."""
        return Terms(
            tuple(self.actions), tuple(self.scopes), currency=self.currency or None, amount_each=self.amount_each,
            amount_month=self.amount_month, times_day=self.times_day,
        )  # fmt: skip

    def take(self, name: str, terms: Terms) -> None:
        """It is called so and lets them do this from now on. Not saved yet."""
        self.name, self.actions, self.scopes = name, sorted(terms.actions), sorted(terms.scopes)
        self.currency, self.times_day = terms.currency or "", terms.times_day
        self.amount_each, self.amount_month = terms.amount_each, terms.amount_month


class MemberQuerySet(models.QuerySet["BusinessMember"]):
    """Reads over members."""

    def there(self) -> Self:
        """Members, and those who are invited."""
        return self.filter(stands__in=_THERE)

    def members(self) -> Self:
        """Those who are."""
        return self.filter(stands=Stands.MEMBER)

    def owners(self) -> Self:
        """Those who look after it, and whose account is there to do so. A locked one comes back."""
        return self.members().filter(owner_since__isnull=False, person__is_active=True, person__erase_at=None)

    def invited(self, mailboxes: frozenset[str], at: datetime) -> Self:
        """Invitations to whoever reads one of these mailboxes, that can still be answered."""
        return self.filter(stands=Stands.INVITED, mailbox__in=mailboxes, expires_at__gt=at).order_by("-made_at", "-pk")

    def due(self, at: datetime) -> Self:
        """Invitations that nobody answered in time."""
        return self.filter(stands=Stands.INVITED, expires_at__lte=at)


@retention.kept(_over)
class BusinessMember(models.Model):
    """Somebody who belongs to a business, is invited to, or did. What they may do for it is the delegation's to say."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, db_index=False, related_name="members", db_comment="pseudonymous: of whom"
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, db_index=False, related_name="+",
        db_comment="pseudonymous: who; nobody yet while they are invited",
    )  # fmt: skip
    delegation = models.OneToOneField(
        Delegation, null=True, on_delete=models.SET_NULL, related_name="+",
        db_comment="pseudonymous: by which they act for it; none: they do not",
    )  # fmt: skip
    stands = models.CharField(max_length=8, choices=[(each, each) for each in Stands], db_comment="not sensitive")
    role = models.CharField(max_length=36, db_comment="personal: choice; a shipped role, or the id of one of its own")
    invited = models.EmailField(blank=True, db_comment="personal: people; address that the invitation was sent to")
    mailbox = models.EmailField(blank=True, db_comment="personal: people; what the addresses of that reader share")
    owner_since = models.DateTimeField(null=True, db_comment="not sensitive: looks after it; none: does not")
    session = models.UUIDField(null=True, db_comment="pseudonymous: of an owner's, in which it was made")
    made_at = models.DateTimeField(db_comment="not sensitive")
    expires_at = models.DateTimeField(null=True, db_comment="not sensitive: until then it can be answered")
    joined_at = models.DateTimeField(null=True, db_comment="not sensitive")
    ended_at = models.DateTimeField(null=True, db_comment="not sensitive")
    end_reason = models.CharField(max_length=16, blank=True, choices=choices(Why), db_comment="not sensitive")

    objects = MemberQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["business", "person"], condition=models.Q(stands="member"), name="business_member_once"
            ),
            models.UniqueConstraint(
                fields=["business", "mailbox"], condition=models.Q(stands="invited"), name="business_invited_once"
            ),
            models.CheckConstraint(
                condition=~models.Q(stands="member") | models.Q(person__isnull=False, joined_at__isnull=False),
                name="business_member_is_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(stands="member") | models.Q(owner_since__isnull=True),
                name="business_owner_is_a_member",
            ),
            models.CheckConstraint(
                condition=~models.Q(stands="invited") | models.Q(expires_at__isnull=False),
                name="business_invited_expires",
            ),
            models.CheckConstraint(
                condition=(models.Q(stands="gone", ended_at__isnull=False) & ~models.Q(end_reason=""))
                | (~models.Q(stands="gone") & models.Q(ended_at__isnull=True, end_reason="")),
                name="business_gone_says_why",
            ),
        )
        indexes = (
            models.Index(fields=["business", "-made_at"], name="business_members"),
            models.Index(fields=["person"], name="business_person", condition=models.Q(person__isnull=False)),
            models.Index(fields=["mailbox"], name="business_invited", condition=models.Q(stands="invited")),
            models.Index(fields=["ended_at"], name="business_member_ended"),
        )

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_owner(self) -> bool:
        """Whether they look after it."""
        return self.owner_since is not None

    @property
    def shown(self) -> str:
        """The address of an invitation as people write it."""
        return mailbox.spelled_out(self.invited) if self.invited else ""

    @property
    def reference(self) -> str:
        """By which people and our help desk speak of it."""
        return reference.of(self.pk)

    def join(self, person: UUID, delegation: Delegation, at: datetime) -> None:
        """They said yes."""
        self.person_id, self.delegation, self.stands = person, delegation, Stands.MEMBER
        self.joined_at, self.expires_at = at, None
        self.save()

    def looks_after(self, since: datetime | None) -> None:
        """An owner since then; None: no longer one."""
        self.owner_since = since
        self.save(update_fields=["owner_since"])

    def acts_by(self, delegation: Delegation | None, role: str) -> None:
        """By this delegation, in this role."""
        self.delegation, self.role = delegation, role
        self.save(update_fields=["delegation", "role"])

    def go(self, why: Why, at: datetime) -> None:
        """No longer, for good."""
        self.stands, self.ended_at, self.end_reason, self.owner_since = Stands.GONE, at, why.value, None
        self.save(update_fields=["stands", "ended_at", "end_reason", "owner_since"])


class RemovalQuerySet(models.QuerySet["BusinessRemoval"]):
    """Reads over removals of owners."""

    def open(self) -> Self:
        """Those that are not decided."""
        return self.filter(state__in=OPEN)

    def due(self, at: datetime) -> Self:
        """Those in which nobody objected in time."""
        return self.filter(state=Removal.ASKED, ready_at__lte=at)

    def for_desk(self) -> Self:
        """Those that the help desk decides."""
        return self.filter(state=Removal.OBJECTED)


@retention.kept(_over)
class BusinessRemoval(models.Model):
    """One owner asks that another be none any more."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    business = models.ForeignKey(
        Business, on_delete=models.CASCADE, related_name="removals", db_comment="pseudonymous: of whom"
    )
    who = models.ForeignKey(
        BusinessMember, on_delete=models.CASCADE, related_name="removals", db_comment="pseudonymous: who is removed"
    )
    by = models.ForeignKey(
        BusinessMember, on_delete=models.CASCADE, related_name="+", db_comment="pseudonymous: who asked for it"
    )
    state = models.CharField(max_length=8, choices=[(each, each) for each in Removal], db_comment="not sensitive")
    asked_at = models.DateTimeField(db_comment="not sensitive")
    ready_at = models.DateTimeField(db_comment="not sensitive: until then they can object, if nobody else agrees")
    agreed_by = models.UUIDField(null=True, db_comment="pseudonymous: the other owner who agreed")
    objected_at = models.DateTimeField(null=True, db_comment="not sensitive")
    verdict = models.CharField(
        max_length=6, blank=True, choices=choices(Verdict), db_comment="not sensitive: what the help desk proposes"
    )
    proposed_by = models.UUIDField(null=True, db_comment="pseudonymous: the first of the help desk")
    decided_by = models.UUIDField(null=True, db_comment="pseudonymous: the second of the help desk")
    ended_at = models.DateTimeField(null=True, db_comment="not sensitive")

    objects = RemovalQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        constraints = (
            models.UniqueConstraint(fields=["who"], condition=models.Q(state__in=OPEN), name="business_removal_once"),
            models.CheckConstraint(condition=~models.Q(who=models.F("by")), name="business_removal_of_another"),
            models.CheckConstraint(
                condition=models.Q(decided_by__isnull=True) | ~models.Q(decided_by=models.F("proposed_by")),
                name="business_removal_settled_by_two",
            ),
            models.CheckConstraint(
                condition=(models.Q(state__in=OPEN) & models.Q(ended_at__isnull=True))
                | (~models.Q(state__in=OPEN) & models.Q(ended_at__isnull=False)),
                name="business_removal_ends",
            ),
        )
        indexes = (
            models.Index(fields=["ready_at"], name="business_removal_due", condition=models.Q(state="asked")),
            models.Index(fields=["ended_at"], name="business_removal_ended"),
        )

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def reference(self) -> str:
        """By which people and our help desk speak of it."""
        return reference.of(self.pk)

    def agree(self, owner: UUID) -> None:
        """Another owner stands for it too. Not saved yet."""
        self.agreed_by = owner

    def object(self, at: datetime) -> None:
        """Whom it is about objects."""
        self.state, self.objected_at = Removal.OBJECTED, at
        self.save(update_fields=["state", "objected_at"])

    def propose(self, verdict: Verdict | None, by: UUID | None) -> None:
        """The first of the help desk; None: the second one sent it back."""
        self.verdict, self.proposed_by = verdict.value if verdict else "", by
        self.save(update_fields=["verdict", "proposed_by"])

    def end(self, state: Removal, at: datetime, *, decided_by: UUID | None = None) -> None:
        """Decided, or off."""
        self.state, self.ended_at, self.decided_by = state, at, decided_by
        self.save(update_fields=["state", "ended_at", "agreed_by", "decided_by"])
