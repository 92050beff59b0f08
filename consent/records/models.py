"""How things stand between a person, a purpose and a recipient, and the history that led there."""

from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from ciam_portal.core import erasing
from ciam_portal.core.audit.actor import ActorKind
from ciam_portal.core.audit.tree.leaves import sealed
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy.channel import Channel
from consent.purposes.policy import Access
from consent.records.policy import GivenBy, State


def _one_of(kinds: Any, length: int, comment: str) -> "models.CharField[str, str]":  # noqa: ANN401  (any StrEnum)
    return models.CharField(max_length=length, choices=[(each.value, each.value) for each in kinds], db_comment=comment)


class Said(models.Model):
    """What was said. A record holds what the last event of its person, purpose and recipient holds."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    number = models.PositiveIntegerField(db_comment="not sensitive: the person's events count from 1, without a gap")
    purpose = models.CharField(max_length=32, db_comment="personal: evidence; key of the purpose")
    version = models.ForeignKey(
        "consent.PurposeVersion",
        on_delete=models.PROTECT,
        db_index=False,
        related_name="+",
        db_comment="personal: evidence; the very text that was read",
    )
    recipient = models.ForeignKey(
        "oauth.Partner",
        null=True,
        on_delete=models.PROTECT,
        db_index=False,
        related_name="+",
        db_comment="personal: evidence; the app that receives it; none: we ourselves",
    )
    state = _one_of(State, 10, "personal: evidence")
    categories = ArrayField(models.CharField(max_length=32), db_comment="personal: evidence; data categories it covers")
    access = _one_of(Access, 8, "personal: evidence; what the recipient does with it")
    scopes = ArrayField(
        models.CharField(max_length=64), default=list, db_comment="personal: evidence; scopes of the app it covers"
    )
    details = ArrayField(
        models.UUIDField(), default=list, db_comment="pseudonymous: what was approved by itself with it (RFC 9396)"
    )
    connection = models.UUIDField(null=True, db_comment="pseudonymous: the connection of the app it is part of")
    given_by = _one_of(GivenBy, 8, "personal: evidence; who said yes")
    actor = models.UUIDField(null=True, db_comment="pseudonymous: the guardian or delegate who did")
    by_kind = _one_of(ActorKind, 16, "not sensitive: what kind of party caused it")
    channel = _one_of(Channel, 16, "not sensitive: through which entry point")
    at = models.DateTimeField(db_comment="not sensitive: when")
    expires_at = models.DateTimeField(null=True, db_comment="not sensitive: until when a yes counts; none: no end")

    class Meta:
        abstract = True

    SAID = (
        "number", "purpose", "version_id", "recipient_id", "state", "categories", "access", "scopes", "details",
        "connection", "given_by", "actor", "by_kind", "channel", "at", "expires_at",
    )  # fmt: skip
    """What a record and its event have in common: all of it."""

    def __str__(self) -> str:
        return str(self.pk)

    def said(self) -> dict[str, Any]:
        """All that was said."""
        return {name: getattr(self, name) for name in self.SAID}


def _said_soundly(kind: str) -> tuple[models.CheckConstraint, ...]:
    """What must never be false of either."""
    own = models.Q(recipient=None, connection=None, scopes=[], details=[])
    return (
        models.CheckConstraint(condition=models.Q(number__gte=1), name=f"{kind}_counts_from_one"),
        models.CheckConstraint(condition=models.Q(state__in=list(State)), name=f"{kind}_state_is_known"),
        models.CheckConstraint(
            condition=models.Q(given_by=GivenBy.SELF, actor=None)
            | models.Q(given_by__in=[GivenBy.GUARDIAN, GivenBy.DELEGATE], actor__isnull=False),
            name=f"{kind}_says_who_spoke_for_them",
        ),
        models.CheckConstraint(
            condition=own | models.Q(recipient__isnull=False, connection__isnull=False),
            name=f"{kind}_of_an_app_has_connection",
        ),
    )


@sealed
@erasing.stays(erasing.AGREED)
class ConsentEvent(Said):
    """One thing that was said, or became of it. Written once and for good: a trigger keeps it, and the count.

    Like the audit's rows it becomes a leaf of the tree, whose checkpoints others keep.
    """

    subject = models.UUIDField(db_comment="pseudonymous: whose it is; outlives the account, as evidence does")
    language = models.CharField(max_length=16, db_comment="not sensitive: in which language the text was read")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["subject", "number"], name="consent_event_in_order"),
            *_said_soundly("consent_event"),
        )


class RecordQuerySet(models.QuerySet["ConsentRecord"]):
    """Reads over how things stand."""

    def of(self, subject: UUID) -> Self:
        """One person's, with the texts."""
        return self.filter(subject=subject).select_related("version", "recipient")

    def between(self, subject: UUID, recipient: UUID | None) -> Self:
        """One person's for one app (None: for ourselves), with the texts."""
        return self.of(subject).filter(recipient=recipient)

    def given(self) -> Self:
        """Those that say yes."""
        return self.filter(state=State.GIVEN)

    def ending(self, *, until: datetime) -> Self:
        """Those that say yes, and not for longer than until then."""
        return self.given().filter(expires_at__lte=until).order_by("expires_at")


class ConsentRecord(Said):
    """How it stands now: one row for each person, purpose and recipient."""

    subject = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        db_index=False,
        related_name="choices",
        db_comment="pseudonymous",
    )
    announced_at = models.DateTimeField(null=True, db_comment="not sensitive: when its end was announced")

    objects = RecordQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["subject", "recipient", "purpose"], name="consent_record_one", nulls_distinct=False
            ),
            *_said_soundly("consent_record"),
        )
        indexes = (
            models.Index(
                fields=["expires_at"],
                name="consent_record_ends",
                condition=models.Q(state=State.GIVEN, expires_at__isnull=False),
            ),
            models.Index(fields=["version"], name="consent_record_given", condition=models.Q(state=State.GIVEN)),
        )

    def announce(self, at: datetime) -> None:
        """Its person was told that it ends."""
        self.announced_at = at
        self.save(update_fields=["announced_at"])
