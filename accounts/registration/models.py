"""Challenges that were passed, so that none is passed twice, and sign-ups that a person looks at."""

from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext_lazy as _

from accounts.customer.models.user import User
from ciam_portal.core import reference, retention
from ciam_portal.core.crypto import codes


@retention.kept(lambda _rules, at: models.Q(expires_at__lt=at))
class SpentTicket(models.Model):
    """A ticket whose work has opened an account, for as long as it could be shown again."""

    digest = models.UUIDField(primary_key=True, db_comment="not sensitive: a digest of random bytes")
    expires_at = models.DateTimeField(db_comment="not sensitive")

    class Meta:
        indexes = (models.Index(fields=["expires_at"], name="spentticket_expires"),)

    def __str__(self) -> str:
        return str(self.digest)

    @classmethod
    def spend(cls, digest: UUID, expires_at: datetime) -> bool:
        """Note that this one was used; False if it was before. Call inside a transaction."""
        try:
            with transaction.atomic():
                cls.objects.create(digest=digest, expires_at=expires_at)
        except IntegrityError:
            return False
        return True


class HeldSignUpQuerySet(models.QuerySet["HeldSignUp"]):
    """Reads over held sign-ups."""

    def open(self) -> Self:
        """Those that wait for a person."""
        return self.filter(state=HeldSignUp.State.OPEN)

    def alike(self, network: str | models.OuterRef) -> Self:
        """Of those the ones from one network that nobody has looked at yet: a flood."""
        return self.open().filter(network=network, appealed_at__isnull=True).exclude(network="")

    def first_of_each(self) -> Self:
        """One line for each flood: its oldest. Whatever was looked at once stands for itself."""
        older = HeldSignUp.objects.alike(models.OuterRef("network")).filter(
            models.Q(opened_at__lt=models.OuterRef("opened_at"))
            | models.Q(opened_at=models.OuterRef("opened_at"), pk__lt=models.OuterRef("pk"))
        )
        waits = models.Q(state=HeldSignUp.State.OPEN, appealed_at__isnull=True)
        return self.exclude(waits & models.Exists(older))


@retention.kept(lambda rules, at: models.Q(closed_at__lt=at - timedelta(days=rules.retention.record_days)))
class HeldSignUp(models.Model):
    """A sign-up that a person of the staff looks at before its account can be finished.

    ``devices``: the browsers that were known where it came from. One applicant has one at a time; an appeal opens it
    again, once, for somebody else.
    """

    class State(models.TextChoices):
        """Where it stands."""

        OPEN = "open", _("Open")
        PASSED = "passed", _("Passed")
        REJECTED = "rejected", _("Rejected")

    class Found(models.TextChoices):
        """What was found: the label of the decision that held it."""

        GENUINE = "genuine", _("A person who wants an account")
        SHARED = "shared", _("A person; the browser or network is shared")
        PROGRAM = "program", _("A program")
        MANY = "many", _("One person with many accounts")
        ANOTHERS = "anothers", _("An address that is somebody else's")

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    customer = models.ForeignKey(
        User, on_delete=models.CASCADE, db_index=False, related_name="held_sign_ups", db_comment="pseudonymous"
    )
    decision = models.UUIDField(db_comment="pseudonymous: the decision that held it")
    source = models.CharField(max_length=20, blank=True, db_comment="pseudonymous: network address, hidden")
    network = models.CharField(max_length=20, blank=True, db_comment="pseudonymous: network prefix, hidden")
    devices = models.JSONField(default=list, db_comment="pseudonymous: known browsers that it came from")
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN, db_comment="not sensitive")
    found = models.CharField(max_length=16, blank=True, choices=Found.choices, db_comment="not sensitive")
    opened_at = models.DateTimeField(db_comment="not sensitive")
    due_at = models.DateTimeField(db_comment="not sensitive: by when the applicant was told to hear")
    closed_at = models.DateTimeField(null=True, db_comment="not sensitive")
    closed_by = models.UUIDField(null=True, db_comment="pseudonymous: member of staff")
    appealed_at = models.DateTimeField(null=True, db_comment="not sensitive")
    appeal = models.CharField(max_length=500, blank=True, db_comment="personal: message; what the applicant said")

    objects = HeldSignUpQuerySet.as_manager()

    class Meta:
        verbose_name = _("held sign-up")
        verbose_name_plural = _("held sign-ups")
        constraints = (
            models.UniqueConstraint(fields=["customer"], condition=models.Q(state="open"), name="heldsignup_one_open"),
            models.CheckConstraint(
                condition=models.Q(state="open") | (models.Q(closed_at__isnull=False) & ~models.Q(found="")),
                name="heldsignup_closed_with_a_finding",
            ),
            models.CheckConstraint(
                condition=models.Q(closed_by__isnull=True) | ~models.Q(closed_by=models.F("customer")),
                name="heldsignup_never_closed_by_its_applicant",
            ),
        )
        indexes = (
            models.Index(fields=["customer"], name="heldsignup_customer"),
            models.Index(fields=["state", "due_at"], name="heldsignup_due"),
            models.Index(fields=["closed_at"], name="heldsignup_closed"),
            models.Index(fields=["source"], name="heldsignup_source"),
            models.Index(fields=["network"], name="heldsignup_network"),
        )

    def __str__(self) -> str:
        return f"{self.state} {self.opened_at:%Y-%m-%d %H:%M %Z}"

    @property
    def reference(self) -> str:
        """Its number, to be read aloud."""
        return reference.of(self.pk)

    @property
    def is_open(self) -> bool:
        """Nobody has decided yet."""
        return self.state == self.State.OPEN

    def close(self, state: State, found: Found, by: UUID, at: datetime) -> None:
        """Decided, and by whom."""
        self.state, self.found, self.closed_by, self.closed_at = state, found, by, at
        self.save(update_fields=["state", "found", "closed_by", "closed_at"])

    def appealed(self, said: str, due_at: datetime, at: datetime) -> None:
        """Its applicant does not agree: somebody else looks again. Who decided first stays on it."""
        self.state, self.appeal, self.appealed_at, self.due_at = self.State.OPEN, said, at, due_at
        self.save(update_fields=["state", "appeal", "appealed_at", "due_at"])
