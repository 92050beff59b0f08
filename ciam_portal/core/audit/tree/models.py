"""What waits for the tree, its leaves, the hashes of its complete subtrees, and its checkpoints.

Of leaves and subtrees a trigger refuses every change, as of the rows they stand for. Leaves stay when the months of
their rows are dropped: 32 bytes of each, by which every proof goes on to hold.
"""

from datetime import datetime, timedelta

from django.db import models

from ciam_portal.core import retention
from ciam_portal.core.policy.limits import Limits, current


class Waitings(models.Manager["Waiting"]):
    """What waits."""

    def late(self, at: datetime) -> bool:
        """Whether the first of them waits too long: nobody seals, or its row is gone."""
        first = self.order_by("pk").first()
        return first is not None and first.at <= at - timedelta(seconds=current().audit.late_seconds)


class Waiting(models.Model):
    """A row that a trigger saw being added, in that row's own transaction, and that is no leaf yet."""

    id = models.BigAutoField(primary_key=True, db_comment="not sensitive")
    kind = models.CharField(max_length=63, db_comment="not sensitive: its table")
    row = models.UUIDField(db_comment="not sensitive: its id")
    at = models.DateTimeField(db_comment="not sensitive: its time")

    objects = Waitings()

    class Meta:
        verbose_name_plural = "waiting"

    def __str__(self) -> str:
        return f"{self.kind} {self.row}"


class Leaf(models.Model):
    """One row in the tree, in the order in which they were sealed: without a gap."""

    index = models.BigIntegerField(primary_key=True, db_comment="not sensitive: its place, from 0")
    kind = models.CharField(max_length=63, db_comment="not sensitive: the table of its row")
    row = models.UUIDField(db_comment="not sensitive: the id of its row")
    at = models.DateTimeField(db_comment="not sensitive: the time of its row, which says in which month that lies")
    hash = models.BinaryField(db_comment="not sensitive: SHA-256 over the row, which holds a keyed digest")
    stamp = models.BinaryField(db_comment="not sensitive: keyed digest of this row; it names what was moved")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["row", "kind"], name="leaf_once"),)
        verbose_name_plural = "leaves"

    def __str__(self) -> str:
        return f"{self.index}: {self.kind} {self.row}"


class Subtree(models.Model):
    """The hash over a complete subtree of 256 leaves, of 256 such subtrees, and so on: a proof is read in no time."""

    pk = models.CompositePrimaryKey("level", "number")
    level = models.PositiveSmallIntegerField(db_comment="not sensitive: of 2 to this power leaves")
    number = models.BigIntegerField(db_comment="not sensitive: which one of its level, from 0")
    hash = models.BinaryField(db_comment="not sensitive")

    def __str__(self) -> str:
        return f"{self.number} of level {self.level}"


def _over(rules: Limits, at: datetime) -> models.Q:
    last = Checkpoint.objects.order_by("-size").values("size")[:1]
    return models.Q(at__lt=at - timedelta(days=rules.audit.checkpoint_days)) & ~models.Q(size__in=last)


@retention.kept(_over)
class Checkpoint(models.Model):
    """A signed note of how the tree stood after a batch. Evidence are the copies that others keep."""

    size = models.BigIntegerField(primary_key=True, db_comment="not sensitive: so many leaves")
    note = models.TextField(db_comment="not sensitive: C2SP checkpoint, signed")
    at = models.DateTimeField(db_index=True, db_comment="not sensitive")

    def __str__(self) -> str:
        return f"{self.size} leaves on {self.at:%Y-%m-%d %H:%M:%S %Z}"
