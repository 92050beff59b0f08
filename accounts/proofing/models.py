"""Checks of who somebody is, the evidence that comes of them, and what two of the staff look at."""

from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.customer.models.user import User
from accounts.proofing.shapes import LIVE, Document, Found, Pathway, State, Strength, Why
from ciam_portal.core import reference, retention
from ciam_portal.core.crypto import codes
from ciam_portal.core.crypto.columns import COLUMNS, Column
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.words import choices

_FORGOTTEN = timedelta(days=31)  # a check that came to an end; longer than its failures count


class IdentityCheckQuerySet(models.QuerySet["IdentityCheck"]):
    """Reads over checks."""

    def live(self, at: datetime) -> Self:
        """Those of which something can still come."""
        return self.filter(state__in=LIVE, expires_at__gt=at)

    def overdue(self, at: datetime) -> Self:
        """Those that nobody went on with in time."""
        return self.filter(state__in=LIVE, expires_at__lte=at)

    def failed(self, at: datetime) -> Self:
        """Those that failed within a day."""
        return self.filter(state=State.FAILED, ended_at__gt=at - timedelta(days=1))


@retention.kept(lambda _rules, at: Q(ended_at__lt=at - _FORGOTTEN))
class IdentityCheck(models.Model):
    """One try to show who one is, by one provider.

    ``session``: in which it was begun, alone in which it goes on. ``secret``: a digest of what the provider's answer
    must carry. ``sealed``: what is needed until it ends, ``noted`` what the first agent saw: emptied at its end.
    """

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    customer = models.ForeignKey(
        User, on_delete=models.CASCADE, db_index=False, related_name="+", db_comment="pseudonymous"
    )
    provider = models.CharField(max_length=16, db_comment="not sensitive")
    session = models.UUIDField(db_comment="pseudonymous: of the customer, in which it was begun")
    state = models.CharField(max_length=10, choices=[(each, each) for each in State], db_comment="not sensitive")
    started_at = models.DateTimeField(db_comment="not sensitive")
    expires_at = models.DateTimeField(db_comment="not sensitive")
    ended_at = models.DateTimeField(null=True, db_comment="not sensitive")
    secret = models.CharField(max_length=64, blank=True, db_comment="secret: digest of what the answer must carry")
    sealed = models.TextField(blank=True, db_comment="secret: what is needed until it ends, sealed")
    noted = models.TextField(blank=True, db_comment="sensitive: identity; what the first agent saw, sealed")
    document = models.CharField(max_length=64, blank=True, db_comment="pseudonymous: keyed digest of the document")
    why = models.CharField(max_length=20, blank=True, choices=choices(Why), db_comment="not sensitive")
    noted_by = models.UUIDField(null=True, db_comment="pseudonymous: member of staff")
    noted_at = models.DateTimeField(null=True, db_comment="not sensitive")
    decided_by = models.UUIDField(null=True, db_comment="pseudonymous: member of staff")

    objects = IdentityCheckQuerySet.as_manager()

    class Meta:
        verbose_name = _("identity check")
        verbose_name_plural = _("identity checks")
        constraints = (
            models.UniqueConstraint(
                fields=["customer", "provider"], condition=Q(state__in=LIVE), name="identitycheck_one_of_a_kind"
            ),
            models.UniqueConstraint(fields=["secret"], condition=~Q(secret=""), name="identitycheck_secret"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=models.F("noted_by")),
                name="identitycheck_two_people",
            ),
        )
        indexes = (
            models.Index(fields=["customer", "ended_at"], name="identitycheck_customer"),
            models.Index(fields=["document", "ended_at"], condition=~Q(document=""), name="identitycheck_document"),
            models.Index(fields=["ended_at"], name="identitycheck_ended"),
            models.Index(fields=["expires_at"], condition=Q(state__in=LIVE), name="identitycheck_live"),
        )

    def __str__(self) -> str:
        return self.reference

    @property
    def reference(self) -> str:
        """Its number, to be read aloud."""
        return reference.of(self.pk)

    @property
    def context(self) -> str:
        """For what its columns are sealed."""
        return f"identity check:{self.pk}"

    def note(self, noted: str, document: str, by: UUID, at: datetime) -> None:
        """The first of two has seen it."""
        self.state, self.noted, self.document, self.noted_by, self.noted_at = State.NOTED, noted, document, by, at
        self.save(update_fields=["state", "noted", "document", "noted_by", "noted_at"])

    def answered(self, noted: str, document: str, secret: str, at: datetime) -> None:
        """A provider has answered, once: its keys are gone, and who holds the secret brings the answer back."""
        self.state, self.noted, self.document, self.noted_at = State.NOTED, noted, document, at
        self.sealed, self.secret = "", secret
        self.save(update_fields=["state", "noted", "document", "noted_at", "sealed", "secret"])

    def end(self, state: State, at: datetime, *, why: Why | None = None, by: UUID | None = None) -> None:
        """It is over, and nothing that was shown stays with it."""
        self.state, self.ended_at, self.why, self.decided_by = state, at, why.value if why else "", by
        self.secret = self.sealed = self.noted = ""
        self.save(update_fields=["state", "ended_at", "why", "decided_by", "secret", "sealed", "noted", "document"])


class IdentityEvidenceQuerySet(models.QuerySet["IdentityEvidence"]):
    """Reads over evidence."""

    def there(self, at: datetime) -> Self:
        """What has not expired. What waits for staff is among it."""
        return self.filter(expires_at__gt=at)


@retention.kept(lambda _rules, at: Q(expires_at__lte=at))
class IdentityEvidence(models.Model):
    """That somebody has shown who they are. Name and birth date are sealed; of a number there is a digest only."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    customer = models.ForeignKey(
        User, on_delete=models.CASCADE, db_index=False, related_name="+", db_comment="pseudonymous"
    )
    provider = models.CharField(max_length=16, db_comment="personal: identity; by which way")
    document = models.CharField(
        max_length=20, choices=choices(Document), db_comment="personal: document; what kind of document"
    )
    issuer = models.CharField(max_length=200, db_comment="personal: document; who issued it")
    strength = models.CharField(
        max_length=8, choices=[(each, each) for each in Strength], db_comment="personal: identity; what it is worth"
    )
    pathway = models.CharField(max_length=20, choices=choices(Pathway), db_comment="personal: document; how")
    sealed = models.TextField(db_comment="sensitive: identity; name and birth date, sealed")
    person = models.CharField(max_length=64, db_comment="pseudonymous: keyed digest of name, birth date and issuer")
    number = models.CharField(max_length=64, blank=True, db_comment="pseudonymous: keyed digest of the document")
    waits = models.BooleanField(db_comment="not sensitive: two of the staff look at it first")
    given_at = models.DateTimeField(db_comment="not sensitive")
    expires_at = models.DateTimeField(db_comment="not sensitive")
    reminded_at = models.DateTimeField(null=True, db_comment="not sensitive")

    objects = IdentityEvidenceQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(expires_at__gt=models.F("given_at")), name="identityevidence_ends"),
        )
        indexes = (
            models.Index(fields=["customer"], name="identityevidence_customer"),
            models.Index(fields=["person"], name="identityevidence_person"),
            models.Index(fields=["number"], condition=~Q(number=""), name="identityevidence_number"),
            models.Index(fields=["expires_at"], name="identityevidence_expires"),
        )

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def context(self) -> str:
        """For what its column is sealed."""
        return f"identity evidence:{self.pk}"

    def remind(self, at: datetime) -> None:
        """Its customer was told that it ends."""
        self.reminded_at = at
        self.save(update_fields=["reminded_at"])

    def count(self) -> None:
        """Staff have looked: it counts from now on."""
        self.waits = False
        self.save(update_fields=["waits"])


def _settled(rules: Limits, at: datetime) -> Q:
    return Q(settled_at__lt=at - timedelta(days=rules.retention.record_days))


@retention.kept(_settled)
class IdentityTwin(models.Model):
    """New evidence that looks like another account's: two of the staff say what is the case. Until then it waits."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    customer = models.ForeignKey(
        User, on_delete=models.CASCADE, db_index=False, related_name="+", db_comment="pseudonymous"
    )
    other = models.ForeignKey(
        User, null=True, on_delete=models.SET_NULL, related_name="+", db_comment="pseudonymous: the other account"
    )
    evidence = models.UUIDField(db_comment="pseudonymous: what waits for it")
    opened_at = models.DateTimeField(db_comment="not sensitive")
    proposed = models.CharField(max_length=16, blank=True, choices=choices(Found), db_comment="not sensitive")
    proposed_by = models.UUIDField(null=True, db_comment="pseudonymous: member of staff")
    settled_by = models.UUIDField(null=True, db_comment="pseudonymous: member of staff")
    settled_at = models.DateTimeField(null=True, db_comment="not sensitive")

    class Meta:
        verbose_name = _("account that looks like another one")
        verbose_name_plural = _("accounts that look like another one")
        constraints = (
            models.CheckConstraint(
                condition=Q(settled_by__isnull=True) | ~Q(settled_by=models.F("proposed_by")),
                name="identitytwin_two_people",
            ),
        )
        indexes = (
            models.Index(fields=["evidence"], name="identitytwin_evidence"),
            models.Index(fields=["customer"], name="identitytwin_customer"),
            models.Index(fields=["settled_at"], name="identitytwin_settled"),
        )

    def __str__(self) -> str:
        return reference.of(self.pk)

    def propose(self, found: Found, by: UUID) -> None:
        """One of the staff says so."""
        self.proposed, self.proposed_by = found.value, by
        self.save(update_fields=["proposed", "proposed_by"])

    def settle(self, by: UUID, at: datetime) -> None:
        """A second one says so too."""
        self.settled_by, self.settled_at = by, at
        self.save(update_fields=["settled_by", "settled_at"])


class IdentityTraining(models.Model):
    """That somebody of the staff was trained to check identities. One row for a person; it ends by itself."""

    person = models.OneToOneField(
        User, primary_key=True, on_delete=models.CASCADE, related_name="+", db_comment="pseudonymous: member of staff"
    )
    given_at = models.DateTimeField(db_comment="not sensitive")
    until = models.DateTimeField(db_comment="not sensitive")
    given_by = models.UUIDField(db_comment="pseudonymous: member of staff")

    class Meta:
        verbose_name = _("training to check identities")
        verbose_name_plural = _("trainings to check identities")

    def __str__(self) -> str:
        return reference.of(self.pk)


COLUMNS.append(Column(IdentityCheck.objects.all, "noted", lambda row: row.context))
COLUMNS.append(Column(IdentityCheck.objects.all, "sealed", lambda row: row.context))
COLUMNS.append(Column(IdentityEvidence.objects.all, "sealed", lambda row: row.context))
