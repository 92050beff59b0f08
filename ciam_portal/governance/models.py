"""The versions of the policy, each kept for ever: decisions made under it can be asked again."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import models
from django.db.models import F, Q

from ciam_portal.core import erasing, retention
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.limits import Limits, UnsafePolicy
from ciam_portal.governance.policy import Origin, VersionState

_MACHINE = Q(
    origin__in=(Origin.INSTALLATION.value, Origin.UPGRADE.value), proposed_by__isnull=True, approved_by__isnull=True
)
_TWO_PEOPLE = Q(proposed_by__isnull=False, approved_by__isnull=False) & ~Q(approved_by=F("proposed_by"))


@erasing.stays(erasing.STAFF)
class PolicyVersion(models.Model):
    """One version. Its text never changes, and no row is ever removed: a database trigger sees to both.

    Ids of people are copied, never foreign keys: evidence outlives the rows it speaks of.
    """

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    version = models.CharField(max_length=16, unique=True, db_comment="not sensitive: hash of the content")
    content = models.TextField(db_comment="not sensitive: the policy file, TOML")
    origin = models.CharField(
        max_length=16, choices=[(item.value, item.value) for item in Origin], db_comment="not sensitive"
    )
    state = models.CharField(
        max_length=16, choices=[(item.value, item.value) for item in VersionState], db_comment="not sensitive"
    )
    found_at = models.DateTimeField(db_comment="not sensitive")
    proposed_by = models.UUIDField(null=True, db_comment="pseudonymous: id of staff; empty: the installation")
    proposed_at = models.DateTimeField(null=True, db_comment="not sensitive")
    against = models.CharField(max_length=16, blank=True, db_comment="not sensitive: what decided when proposed")
    replay = models.JSONField(null=True, db_comment="not sensitive: counts of past decisions that would differ")
    approved_by = models.UUIDField(null=True, db_comment="pseudonymous: id of staff; empty: the installation")
    approved_at = models.DateTimeField(null=True, db_comment="not sensitive")
    superseded_at = models.DateTimeField(null=True, db_comment="not sensitive")
    rejected_by = models.UUIDField(null=True, db_comment="pseudonymous: id of staff")
    rejected_at = models.DateTimeField(null=True, db_comment="not sensitive")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["state"], condition=Q(state=VersionState.DECIDING.value), name="policy_version_one_decides"
            ),
            models.UniqueConstraint(
                fields=["origin"], condition=Q(origin=Origin.INSTALLATION.value), name="policy_version_one_installation"
            ),
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True, approved_by__isnull=True)
                | Q(approved_at__isnull=False) & (_MACHINE | _TWO_PEOPLE),
                name="policy_version_two_people",
            ),
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True) | Q(replay__isnull=False) | _MACHINE,
                name="policy_version_replay_first",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=(VersionState.DECIDING.value, VersionState.SUPERSEDED.value))
                | Q(approved_at__isnull=False),
                name="policy_version_decides_if_approved",
            ),
            models.CheckConstraint(
                condition=~Q(state=VersionState.PROPOSED.value)
                | Q(proposed_by__isnull=False, proposed_at__isnull=False, replay__isnull=False),
                name="policy_version_proposed_by_someone",
            ),
        )

    def __str__(self) -> str:
        return self.version

    def limits(self) -> Limits:
        """The limits it means, under the version it is kept as. Raises UnsafePolicy if today's code cannot use it."""
        return under(self.version, self.content)

    @property
    def is_usable(self) -> bool:
        """Whether today's code can use it."""
        try:
            self.limits()
        except UnsafePolicy:
            return False
        return True


@erasing.stays(erasing.STAFF)
@retention.kept(lambda rules, at: Q(finished_at__lt=at - timedelta(days=rules.retention.record_days)))
class Replay(models.Model):
    """One replay of recorded decisions under a candidate: what was counted so far, newest first, and how far it is."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    candidate = models.CharField(max_length=16, db_comment="not sensitive: version of the policy")
    asked_by = models.UUIDField(null=True, db_comment="pseudonymous: id of staff")
    asked_at = models.DateTimeField(db_comment="not sensitive")
    since = models.DateTimeField(db_comment="not sensitive: made before that is not asked")
    total = models.PositiveIntegerField(db_comment="not sensitive: decisions to be asked")
    before = models.UUIDField(db_comment="not sensitive: decisions from this one on are done")
    report = models.JSONField(db_comment="not sensitive: counts of past decisions that would differ")
    finished_at = models.DateTimeField(null=True, db_comment="not sensitive")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["candidate"], condition=Q(finished_at__isnull=True), name="replay_one_at_a_time"
            ),
        )

    def __str__(self) -> str:
        return f"{self.candidate} {self.asked_at:%Y-%m-%d %H:%M}"

    def count(self, report: dict[str, object], before: UUID | None, at: datetime) -> None:
        """So much more was asked, down to this decision; None: that was all."""
        self.report, self.before, self.finished_at = report, before or self.before, None if before else at
        self.save(update_fields=["report", "before", "finished_at"])


class RiskModel(models.Model):
    """The numbers of one version of the risk model, rule points included, kept for ever as policies are."""

    version = models.CharField(max_length=16, primary_key=True, db_comment="not sensitive: as decisions name it")
    numbers = models.JSONField(db_comment="not sensitive: parameters and points")
    found_at = models.DateTimeField(db_comment="not sensitive: when it first ran here")

    def __str__(self) -> str:
        return self.version


def under(version: str, content: str) -> Limits:
    """The limits of a kept text, under the version it is kept as. Raises UnsafePolicy.

    Newer code may hash the same text to another version; what a version is called never changes.
    """
    return replace(limits.of_text(content, f"Policy version {version}"), version=version)
