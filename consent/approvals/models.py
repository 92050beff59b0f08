"""What agents asked their customers, word for word, and what became of it."""

from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from ciam_portal.core import reference, retention
from ciam_portal.core.crypto import codes, vault
from ciam_portal.core.crypto.columns import COLUMNS, Column
from consent.approvals.shapes import OPEN, State

_SLOWER = 5  # seconds that are added each time (OpenID CIBA Core section 11)


class AskedQuerySet(models.QuerySet["ApprovalRequest"]):
    """Reads over what agents asked."""

    def of(self, owner: UUID) -> Self:
        """One customer's, with the agents, newest first."""
        return self.filter(owner_id=owner).select_related("partner").order_by("-asked_at", "-pk")

    def waiting(self, at: datetime) -> Self:
        """Those that can be answered."""
        return self.filter(state=State.WAITING, expires_at__gt=at)

    def overdue(self, at: datetime) -> Self:
        """Those that nobody answered in time, and that nobody has said so of."""
        return self.filter(state=State.WAITING, expires_at__lte=at)

    def open(self) -> Self:
        """Those that something may still come of."""
        return self.filter(state__in=OPEN)


@retention.kept(lambda rules, at: models.Q(asked_at__lt=at - timedelta(days=rules.retention.record_days)))
class ApprovalRequest(models.Model):
    """One thing, or a few, that an agent asked its customer to approve. Its ``auth_req_id`` is kept as a digest."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="pseudonymous")
    digest = models.CharField(max_length=64, db_comment="sensitive: credential; digest of auth_req_id")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False, related_name="+",
        db_comment="pseudonymous: who is asked",
    )  # fmt: skip
    partner = models.ForeignKey(
        "oauth.Partner", on_delete=models.PROTECT, related_name="+", db_comment="not sensitive: the agent that asks"
    )
    delegation = models.ForeignKey(
        "consent.Delegation", on_delete=models.CASCADE, db_index=False, related_name="+",
        db_comment="pseudonymous: by which it acts",
    )  # fmt: skip
    consent = models.ForeignKey(
        "consent.Consent", on_delete=models.CASCADE, related_name="+", db_comment="pseudonymous"
    )
    asked = models.JSONField(db_comment="personal: transaction; what it wants to do, detail by detail")
    message = models.CharField(max_length=140, db_comment="personal: request; why, in the agent's words")
    shown = models.CharField(max_length=64, db_comment="not sensitive: digest of all that the customer is shown")
    scopes = ArrayField(models.CharField(max_length=64), default=list, db_comment="not sensitive: asked for beside it")
    resource = models.CharField(max_length=1024, db_comment="not sensitive: the API that the token is for")
    network = models.CharField(max_length=64, blank=True, db_comment="personal: location; prefix it asked from")
    country = models.CharField(max_length=2, blank=True, db_comment="personal: location; country it asked from")
    jkt = models.CharField(max_length=43, blank=True, db_comment="not sensitive: key that the token is for, if said")
    ping = models.TextField(blank=True, db_comment="sensitive: credential; what the agent is told with, sealed")
    asked_at = models.DateTimeField(db_comment="not sensitive")
    expires_at = models.DateTimeField(db_comment="not sensitive")
    polled_at = models.DateTimeField(null=True, db_comment="not sensitive: when it last asked for the answer")
    interval = models.PositiveSmallIntegerField(db_comment="not sensitive: seconds between two such questions")
    state = models.CharField(
        max_length=9, default=State.WAITING, choices=[(each, each) for each in State], db_comment="not sensitive"
    )
    answered_at = models.DateTimeField(null=True, db_comment="not sensitive: or over, without an answer")
    session = models.ForeignKey(
        "accounts.Session", null=True, on_delete=models.SET_NULL, related_name="+",
        db_comment="pseudonymous: in which it was approved",
    )  # fmt: skip
    details = ArrayField(
        models.UUIDField(), default=list, db_comment="pseudonymous: what was approved, by the ids of its rows"
    )

    objects = AskedQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(fields=["owner", "-asked_at"], name="approval_owner"),
            models.Index(fields=["delegation", "-asked_at"], name="approval_delegation"),
            models.Index(fields=["expires_at"], name="approval_waits", condition=models.Q(state="waiting")),
        )
        constraints = (
            models.UniqueConstraint(fields=["digest"], name="approval_digest"),
            models.UniqueConstraint(
                fields=["delegation"], condition=models.Q(state="waiting"), name="approval_one_waits"
            ),
            models.CheckConstraint(
                condition=models.Q(state="waiting", answered_at__isnull=True)
                | (~models.Q(state="waiting") & models.Q(answered_at__isnull=False)),
                name="approval_answered_at",
            ),
        )

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def reference(self) -> str:
        """By which the customer tells it from any other: the agent shows it too."""
        return reference.of(self.pk)

    def poll(self, at: datetime) -> bool:
        """The agent asks. Whether it waited for as long as it was told; if not, it waits longer from now on."""
        patient = self.polled_at is None or at - self.polled_at >= timedelta(seconds=self.interval)
        self.polled_at = at
        if not patient:
            self.interval += _SLOWER
        self.save(update_fields=["polled_at", "interval"])
        return patient

    def become(self, state: State, at: datetime) -> None:
        """Answered, or over."""
        self.state, self.answered_at = state, self.answered_at or at
        self.ping = ""
        self.save(update_fields=["state", "answered_at", "session", "details", "ping"])

    @property
    def context(self) -> str:
        """For what the way to tell the agent is sealed."""
        return f"approval:{self.pk}"

    def write_ping(self, text: str) -> None:
        """Seal it. For one that is not stored yet."""
        self.ping = vault.seal(text.encode(), self.context)

    def read_ping(self) -> str:
        """Open it. Raises CannotOpen."""
        return vault.unseal(self.ping, self.context).decode() if self.ping else ""


COLUMNS.append(Column(ApprovalRequest.objects.all, "ping", lambda row: row.context))
