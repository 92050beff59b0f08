"""A partner's stream, the customers that it asked to hear of, and the signals that it has not taken yet."""

import json
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from ciam_portal.core import erasing, retention
from ciam_portal.core.crypto import codes, vault
from ciam_portal.core.crypto.columns import COLUMNS, Column
from ciam_portal.oauth.models import Partner
from ciam_portal.oauth.subjects import subject
from ciam_portal.signals import meanings
from consent.models import Consent


class StreamQuerySet(models.QuerySet["Stream"]):
    """Reads over streams."""

    def hold(self, key: UUID, at: datetime, longest: timedelta) -> bool:
        """Whether whoever asks is the only one that pushes to this stream from now on, until ``release``."""
        free = models.Q(held_until=None) | models.Q(held_until__lte=at) | models.Q(held_until__gt=at + longest)
        return bool(self.filter(free, pk=key).update(held_until=at + longest))

    def go_on(self, key: UUID, at: datetime, longest: timedelta) -> None:
        """Whoever holds it is still at it."""
        self.filter(pk=key).update(held_until=at + longest)

    def release(self, key: UUID) -> None:
        """Somebody else may."""
        self.filter(pk=key).update(held_until=None)


class Stream(models.Model):
    """What one partner wants to hear, and how (SSF 1.0 section 8.1.1). One for each partner."""

    class Status(models.TextChoices):
        """Section 8.1.2."""

        ENABLED = "enabled"
        PAUSED = "paused"
        DISABLED = "disabled"

    class Method(models.TextChoices):
        """How it gets its signals."""

        PUSH = "urn:ietf:rfc:8935"
        POLL = "urn:ietf:rfc:8936"

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    partner = models.OneToOneField(Partner, on_delete=models.CASCADE, related_name="stream", db_comment="not sensitive")
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.ENABLED, db_comment="not sensitive")
    reason = models.CharField(max_length=200, blank=True, db_comment="not sensitive: the partner's words for it")
    description = models.CharField(max_length=200, blank=True, db_comment="not sensitive: the partner's own")
    requested = ArrayField(
        models.CharField(max_length=200), null=True, db_comment="not sensitive: types of events; none said: all"
    )
    method = models.CharField(max_length=17, choices=Method.choices, db_comment="not sensitive")
    endpoint_url = models.URLField(max_length=1024, blank=True, db_comment="not sensitive: where they are pushed to")
    authorization = models.TextField(blank=True, db_comment="secret: sealed; the header that they are pushed with")
    created_at = models.DateTimeField(db_comment="not sensitive")
    verified_at = models.DateTimeField(null=True, db_comment="not sensitive: when verification was last asked for")
    held_until = models.DateTimeField(null=True, db_comment="not sensitive: one worker pushes at a time")

    objects = StreamQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(method="urn:ietf:rfc:8935") ^ models.Q(endpoint_url=""),
                name="stream_is_pushed_somewhere",
            ),
        )

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def aud(self) -> str:
        """The audience of all that is said on it: of no other stream, this partner's next one included."""
        return f"{settings.PUBLIC_URL}/ssf/stream/{self.pk}"

    @property
    def delivered(self) -> tuple[str, ...]:
        """The types of events that are told on it."""
        wanted = meanings.SUPPORTED if self.requested is None else self.requested
        return tuple(each for each in meanings.SUPPORTED if each in wanted)

    @property
    def is_pushed(self) -> bool:
        """Whether what waits on it is to be sent."""
        return self.status == self.Status.ENABLED and self.method == self.Method.PUSH

    @property
    def context(self) -> str:
        """For what its header is sealed."""
        return f"stream:{self.pk}"

    def seal_authorization(self, header: str) -> None:
        """Keep the header that signals are pushed with; "" for none."""
        self.authorization = vault.seal(header.encode(), self.context) if header else ""

    def headers(self) -> dict[str, str]:
        """The same, for a request."""
        if not self.authorization:
            return {}
        return {"Authorization": vault.unseal(self.authorization, self.context).decode()}


def _named(customer: UUID) -> models.Q:
    """By whatever name a partner with a stream knows this customer."""
    partners = [stream.partner for stream in Stream.objects.select_related("partner")]
    return models.Q(sub__in={subject(partner, customer) for partner in partners})


@erasing.goes(_named)
class Subject(models.Model):
    """A ``sub`` that a partner asked to hear of, as it said it: whether we know such a customer is not looked at."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    stream = models.ForeignKey(
        Stream, on_delete=models.CASCADE, related_name="subjects", db_index=False, db_comment="not sensitive"
    )
    sub = models.CharField(max_length=64, db_comment="pseudonymous")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["stream", "sub"], name="subject_once"),)

    def __str__(self) -> str:
        return str(self.pk)


class SignalQuerySet(models.QuerySet["Signal"]):
    """Reads over signals."""

    def due(self, at: datetime) -> Self:
        """What has happened; of some it is known only when it will have."""
        return self.filter(due_at__lte=at)

    def waiting(self, stream: UUID, at: datetime) -> Self:
        """What this partner has not taken and may be given now, oldest first."""
        rows = self.due(at).filter(
            stream=stream, stream__status=Stream.Status.ENABLED, stream__partner__is_enabled=True
        )
        return rows.select_related("stream__partner").order_by("due_at", "pk")


# What says that an account is gone names no consent: it is told, and gone itself, within ``signals.held_days``.
@erasing.goes(lambda customer: models.Q(consent__in=Consent.objects.filter(customer=customer).values("pk")))
@retention.kept(lambda rules, at: models.Q(due_at__lt=at - timedelta(days=rules.signals.held_days)))
class Signal(models.Model):
    """One event that a partner is to hear of; gone once it has taken it. Its id is the ``jti``."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    stream = models.ForeignKey(
        Stream, on_delete=models.CASCADE, related_name="signals", db_index=False, db_comment="not sensitive"
    )
    consent = models.UUIDField(
        null=True, db_comment="pseudonymous: told only while it stands; none if it speaks of nobody, or of one who left"
    )
    sealed = models.TextField(db_comment="sensitive: message; of whom it speaks and what it says, sealed")
    due_at = models.DateTimeField(db_comment="not sensitive: when it happened, or will have")

    objects = SignalQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(fields=["stream", "due_at", "id"], name="signal_waits"),
            models.Index(fields=["due_at"], name="signal_due"),
        )

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def context(self) -> str:
        """For what its content is sealed."""
        return f"signal:{self.pk}"

    @classmethod
    def new(cls, stream: Stream, consent: UUID | None, content: dict[str, Any], due: datetime) -> "Signal":
        """One, not stored yet."""
        row = cls(pk=codes.new_id(), stream=stream, consent=consent, due_at=due)
        row.sealed = vault.seal(json.dumps(content).encode(), row.context)
        return row

    def put_off(self, until: datetime) -> None:
        """It has not happened yet."""
        Signal.objects.filter(pk=self.pk).update(due_at=until)

    def content(self) -> dict[str, Any]:
        """What it says."""
        found: dict[str, Any] = json.loads(vault.unseal(self.sealed, self.context))
        return found


@erasing.goes(lambda customer: models.Q(customer=customer))
@retention.kept(lambda rules, at: models.Q(at__lt=at - timedelta(days=rules.retention.record_days)))
class Former(models.Model):
    """An address or number that a partner knew a customer by, and heard that it is theirs no more."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    stream = models.ForeignKey(
        Stream, on_delete=models.CASCADE, related_name="+", db_index=False, db_comment="not sensitive"
    )
    customer = models.UUIDField(db_comment="pseudonymous: whose it was")
    digest = models.CharField(max_length=64, db_comment="sensitive: former; digest of it")
    at = models.DateTimeField(db_comment="not sensitive")

    class Meta:
        indexes = (
            models.Index(fields=["stream", "digest"], name="former_known"),
            models.Index(fields=["at"], name="former_at"),
        )

    def __str__(self) -> str:
        return str(self.pk)


COLUMNS.append(Column(Signal.objects.all, "sealed", lambda row: row.context))
COLUMNS.append(Column(lambda: Stream.objects.exclude(authorization=""), "authorization", lambda row: row.context))
