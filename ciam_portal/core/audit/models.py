"""What happened and what was decided: each row sealed (``seal``), a leaf (``tree``), kept as policy says (``months``).

Append-only: a database trigger refuses UPDATE, DELETE and TRUNCATE. Its SQL stands in the first migration; one made by
django-pgtrigger would stand aside for whoever sets ``pgtrigger.ignore``, which any database role may.

Ids are copied, never foreign keys: evidence outlives the rows it speaks of.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.db import models

from ciam_portal.core import erasing, reference, retention
from ciam_portal.core.audit import seal
from ciam_portal.core.audit.tree.leaves import sealed
from ciam_portal.core.audit.tree.models import Checkpoint, Leaf, Subtree, Waiting
from ciam_portal.core.crypto import codes
from ciam_portal.core.postgres import prepared

__all__ = ["AuditEntry", "Checkpoint", "DecisionEntry", "Leaf", "Subtree", "Tally", "Waiting"]


class _Entry(models.Model):
    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    at = models.DateTimeField(db_comment="not sensitive: when")
    about = models.UUIDField(null=True, db_comment="pseudonymous: customer id of the subject")
    actor_kind = models.CharField(max_length=16, db_comment="not sensitive")
    actor = models.UUIDField(null=True, db_comment="pseudonymous: id of who acted")
    on_behalf_of = models.UUIDField(null=True, db_comment="pseudonymous: id of the person a delegate acted for")
    session = models.UUIDField(null=True, db_comment="pseudonymous: session the actor was in")
    channel = models.CharField(max_length=16, db_comment="not sensitive")
    request_id = models.CharField(max_length=64, blank=True, db_comment="not sensitive")
    seal = models.CharField(max_length=96, default="", db_comment="not sensitive: keyed digest of the row")

    class Meta:
        abstract = True

    def save(self, **_: Any) -> None:  # noqa: ANN401  (Django's arguments)
        """Write the row, sealed. Nothing but an INSERT ever happens to it, so it is put together once for all rows."""
        prepared.insert(self.sealed())

    def sealed(self) -> Self:
        """As it is written: with its seal."""
        self.seal = seal.made(self)
        return self


# Evidence is never rewritten. What it says of a person are ids, codes, counts and instants; pseudonyms of what they
# typed or came with are made with a key on their own row, and mean nothing without it (``codes.kept_of``).
@erasing.stays(erasing.EVIDENCE)
@retention.by_month(lambda rules: rules.retention.audit_months)
@sealed
class AuditEntry(_Entry):
    """One event, as recorded by ``record()``."""

    name = models.CharField(max_length=64, db_comment="not sensitive: event name")
    decision = models.UUIDField(null=True, db_comment="not sensitive: the decision behind it")
    source = models.CharField(
        max_length=codes.HIDDEN_DIGITS,
        blank=True,
        default="",
        db_comment="pseudonymous: digest of the address it came from, of what failed or was refused",
    )
    data = models.JSONField(default=dict, db_comment="not sensitive: ids, codes, counts and instants only")

    class Meta:
        indexes = (
            models.Index(fields=["about", "-at"], name="audit_entry_about"),
            models.Index(fields=["actor", "-at"], name="audit_entry_actor"),
            models.Index(fields=["name", "-at"], name="audit_entry_name"),
            models.Index(fields=["-at"], name="audit_entry_at"),
            models.Index(fields=["source", "-at"], name="audit_entry_source", condition=~models.Q(source="")),
            models.Index(reference.end("request_id"), name="audit_entry_request"),
        )
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.name} {self.at:%Y-%m-%d %H:%M:%S %Z}"

    @property
    def stands_for(self) -> int:
        """How many there were like it on its day: what is ordinary is kept whole once a day, and counted."""
        return Tally.objects.filter(pk=self.pk).values_list("times", flat=True).first() or 1


_ADD = """
INSERT INTO audit_tally (id, day, alike, times, last_at) VALUES (%s, %s, %s, 1, %s)
ON CONFLICT (day, alike) DO UPDATE SET times = audit_tally.times + 1, last_at = EXCLUDED.last_at RETURNING id
"""
_AGAIN = """
UPDATE audit_tally AS kept SET times = kept.times + 1, last_at = %s FROM {done}
WHERE kept.day = %s AND kept.alike = %s RETURNING 1
"""


class Tallies(models.Manager["Tally"]):
    """One more of them, with one statement."""

    def add(self, key: UUID, at: datetime, alike: str) -> UUID:
        """Count it; the entry of the first like it in that day: ``key``, if it is this one."""
        first: UUID = prepared.row((_ADD, (key, at.astimezone(UTC).date(), alike, at)))[0]
        return first

    def again(self, at: datetime, alike: str) -> prepared.Part:
        """What counts it, if it is not the first like it in that day."""
        return _AGAIN, (at, at.astimezone(UTC).date(), alike)


@erasing.stays(erasing.EVIDENCE)
@retention.kept(lambda rules, at: models.Q(day__lt=at.date() - timedelta(days=31 * rules.retention.audit_months)))
class Tally(models.Model):
    """How often something ordinary happened in a day like an entry that is kept whole. No evidence: only a number."""

    id = models.UUIDField(primary_key=True, editable=False, db_comment="not sensitive: the entry that is kept whole")
    day = models.DateField(db_comment="not sensitive: UTC")
    alike = models.CharField(max_length=codes.HIDDEN_DIGITS, db_comment="pseudonymous: digest of what they share")
    times = models.PositiveIntegerField(db_comment="not sensitive: the whole one and those like it")
    last_at = models.DateTimeField(db_comment="not sensitive: the latest of them")

    objects = Tallies()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["day", "alike"], name="tally_once_a_day"),)
        verbose_name_plural = "tallies"

    def __str__(self) -> str:
        return f"{self.times} on {self.day}"


@erasing.stays(erasing.EVIDENCE)
@retention.by_month(lambda rules: rules.retention.decision_months)
@sealed
class DecisionEntry(_Entry):
    """One answer of a policy, with the facts it was asked about, so that it can be asked again."""

    question = models.CharField(max_length=96, db_comment="not sensitive: stable name of the question")
    action = models.CharField(max_length=64, blank=True, db_comment="not sensitive: action of the catalogue")
    risk = models.PositiveSmallIntegerField(null=True, db_comment="not sensitive: the level of risk that counted")
    score = models.FloatField(null=True, db_comment="not sensitive: how unusual, in nats; the sum of contributions")
    model_version = models.CharField(max_length=16, blank=True, db_comment="not sensitive")
    contributions = models.JSONField(default=list, db_comment="not sensitive: codes and log-likelihood ratios")
    policy_version = models.CharField(max_length=16, db_comment="not sensitive")
    inputs = models.JSONField(db_comment="pseudonymous: the facts as plain JSON")
    answer = models.CharField(max_length=16, db_comment="not sensitive: allow, step_up, hold or deny")
    reason = models.CharField(max_length=64, blank=True, db_comment="not sensitive: reason code")
    detail = models.JSONField(default=dict, db_comment="not sensitive: level, freshness or end of the answer")
    findings = models.JSONField(default=list, db_comment="not sensitive: codes and points")

    class Meta:
        indexes = (
            models.Index(fields=["-at"], name="audit_decision_at"),
            models.Index(fields=["about", "-at"], name="audit_decision_about"),
            models.Index(fields=["action", "-at"], name="audit_decision_action"),
            models.Index(fields=["answer", "-at"], name="audit_decision_answer", condition=~models.Q(answer="allow")),
            models.Index(fields=["reason", "-at"], name="audit_decision_reason", condition=~models.Q(reason="")),
            models.Index(reference.end(), name="audit_decision_reference"),
        )
        verbose_name_plural = "decision entries"

    def __str__(self) -> str:
        return f"{self.question}: {self.answer} {self.at:%Y-%m-%d %H:%M:%S %Z}"

    @property
    def reference(self) -> str:
        """What its customer reads."""
        return reference.of(self.pk)
