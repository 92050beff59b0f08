"""Purposes and what was ever said of them. From the approval on a version is frozen, by a database trigger too."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from ciam_portal.core import erasing, strictjson
from ciam_portal.core.audit import seal
from ciam_portal.core.crypto import codes
from ciam_portal.core.crypto.rings import name_of
from consent.purposes.policy import OPEN, Access, Basis, Sensitivity, State, Terms

LANGUAGE = "en"  # every purpose says it in this one at least
_MACHINE = Q(drafted_by__isnull=True, proposed_by__isnull=True, approved_by__isnull=True)
_TWO_PEOPLE = (
    Q(drafted_by__isnull=False, proposed_by__isnull=False, approved_by__isnull=False)
    & ~Q(approved_by=F("drafted_by"))
    & ~Q(approved_by=F("proposed_by"))
)


def canonical(texts: Mapping[str, Any]) -> bytes:
    """The texts in all languages, in the one way that their digest is made of."""
    return strictjson.canonical(texts).encode()


def digest(texts: Mapping[str, Any]) -> str:
    """The SHA-256 of the texts: what was shown can be told by it."""
    return hashlib.sha256(canonical(texts)).hexdigest()


class Purpose(models.Model):
    """One thing that data is used for; what is said of it stands in its versions."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    key = models.SlugField(
        max_length=32, unique=True, db_index=False, db_comment="not sensitive: as code and partners name it"
    )
    made_at = models.DateTimeField(db_comment="not sensitive")

    def __str__(self) -> str:
        return self.key


@erasing.stays(erasing.STAFF)
class PurposeVersion(models.Model):
    """What was said of a purpose from one activation to the next. Ids of people are copied: evidence outlives rows."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    purpose = models.ForeignKey(
        Purpose, on_delete=models.PROTECT, db_index=False, related_name="versions", db_comment="not sensitive"
    )
    number = models.PositiveIntegerField(db_comment="not sensitive: counted from 1")
    state = models.CharField(
        max_length=8, choices=[(each.value, each.value) for each in State], db_comment="not sensitive"
    )
    texts = models.JSONField(db_comment="not sensitive: for each language a title, and the words that people read")
    text_sha256 = models.CharField(max_length=64, db_comment="not sensitive: digest of the texts")
    basis = models.CharField(
        max_length=20, choices=[(each.value, each.value) for each in Basis], db_comment="not sensitive"
    )
    access = models.CharField(
        max_length=8, choices=[(each.value, each.value) for each in Access], db_comment="not sensitive"
    )
    categories = ArrayField(models.CharField(max_length=32), db_comment="not sensitive: of data that is used")
    optional = ArrayField(
        models.CharField(max_length=32), default=list, db_comment="not sensitive: those that can be refused alone"
    )
    recipients = ArrayField(models.CharField(max_length=16), db_comment="not sensitive: who gets it")
    retention_days = models.PositiveIntegerField(
        null=True, db_comment="not sensitive: kept for so long; empty: as long as the account"
    )
    valid_for_days = models.PositiveIntegerField(
        null=True, db_comment="not sensitive: a consent ends after so long; empty: it rests on no consent"
    )
    sensitivity = models.CharField(
        max_length=9, choices=[(each.value, each.value) for each in Sensitivity], db_comment="not sensitive"
    )
    is_material = models.BooleanField(db_comment="not sensitive: who said yes to an older version is asked again")
    drafted_by = models.UUIDField(null=True, db_comment="pseudonymous: id of staff; empty: the installation")
    drafted_at = models.DateTimeField(db_comment="not sensitive: last written")
    against = models.UUIDField(null=True, db_comment="not sensitive: the version that was active when it was proposed")
    proposed_by = models.UUIDField(null=True, db_comment="pseudonymous: id of staff; empty: the installation")
    proposed_at = models.DateTimeField(null=True, db_comment="not sensitive")
    approved_by = models.UUIDField(null=True, db_comment="pseudonymous: id of staff; empty: the installation")
    approved_at = models.DateTimeField(null=True, db_comment="not sensitive")
    activated_at = models.DateTimeField(null=True, db_comment="not sensitive")
    retired_at = models.DateTimeField(null=True, db_comment="not sensitive")
    seal = models.CharField(max_length=128, blank=True, db_comment="not sensitive: a keyed digest over all of the row")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["purpose", "number"], name="purpose_version_number"),
            models.UniqueConstraint(
                fields=["purpose"], condition=Q(state=State.ACTIVE.value), name="purpose_version_one_active"
            ),
            models.UniqueConstraint(
                fields=["purpose"],
                condition=Q(state__in=sorted(each.value for each in OPEN)),
                name="purpose_version_one_on_its_way",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=(State.APPROVED.value, State.ACTIVE.value))
                | Q(approved_at__isnull=False) & (_MACHINE | _TWO_PEOPLE),
                name="purpose_version_two_people",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.ACTIVE.value) | Q(activated_at__isnull=False),
                name="purpose_version_active_since",
            ),
            models.CheckConstraint(
                condition=Q(optional__contained_by=F("categories")), name="purpose_version_optional_is_part"
            ),
        )

    def __str__(self) -> str:
        return f"{self.purpose.key} {self.number}"

    def terms(self) -> Terms:
        """What it says, but for its texts."""
        return Terms(
            basis=self.basis,
            access=self.access,
            categories=tuple(self.categories),
            optional=tuple(self.optional),
            recipients=tuple(self.recipients),
            retention_days=self.retention_days,
            valid_for_days=self.valid_for_days,
            sensitivity=self.sensitivity,
        )

    @property
    def is_intact(self) -> bool:
        """Whether it is as the portal wrote it, and its texts are those of its digest."""
        return seal.check(self).holds and digest(self.texts) == self.text_sha256

    def write(
        self, texts: Mapping[str, Any], terms: Terms, by: UUID | None, at: datetime, *, is_material: bool
    ) -> None:
        """What it says from now on: a draft, or one that the installation brings."""
        self.texts, self.text_sha256, self.is_material = dict(texts), digest(texts), is_material
        self.basis, self.access, self.sensitivity = terms.basis, terms.access, terms.sensitivity
        self.categories, self.optional = list(terms.categories), list(terms.optional)
        self.recipients = list(terms.recipients)
        self.retention_days, self.valid_for_days = terms.retention_days, terms.valid_for_days
        self.drafted_by, self.drafted_at = by, at
        self.keep()

    def propose(self, against: UUID | None, by: UUID | None, at: datetime, *, is_material: bool) -> None:
        """A first person wants it, in place of the active one."""
        self.state, self.against, self.is_material = State.PROPOSED, against, is_material
        self.proposed_by, self.proposed_at = by, at
        self.keep()

    def send_back(self) -> None:
        """It is a draft again."""
        self.state, self.against, self.proposed_by, self.proposed_at = State.DRAFT, None, None, None
        self.keep()

    def approve(self, by: UUID | None, at: datetime) -> None:
        """A second person wants it too; from now on it is frozen."""
        self.state, self.approved_by, self.approved_at = State.APPROVED, by, at
        self.keep()

    def activate(self, at: datetime) -> None:
        """It holds from now on."""
        self.state, self.activated_at = State.ACTIVE, at
        self.keep()

    def retire(self, at: datetime) -> None:
        """It holds no longer, or never will. One that was edited keeps the broken seal that shows it."""
        keep = self.keep if self.is_intact else self.save
        self.state, self.retired_at = State.RETIRED, at
        keep()

    def keep(self) -> None:
        """Saved, under a fresh seal."""
        self.seal = seal.made(self)
        self.save()

    def seal_anew(self) -> None:
        """Under the key that is used now, unless it is already, or changes in this moment."""
        if not self.seal.startswith(f"{seal.MADE_WITH_IT}:{name_of(settings.AUDIT_KEYS[0])}:"):
            PurposeVersion.objects.filter(pk=self.pk, seal=self.seal).update(seal=seal.made(self))
