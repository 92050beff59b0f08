"""The outbox: one row for each message to a person, written in the transaction of what it tells about."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ciam_portal.core import erasing, retention
from ciam_portal.core.crypto import codes
from ciam_portal.core.crypto.columns import COLUMNS, Column
from ciam_portal.core.outbox.notice import PUSH, Medium
from ciam_portal.core.policy import limits


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Reads over the outbox."""

    def due(self, at: datetime) -> Self:
        """Waiting messages whose time has come and that no living worker holds, oldest first.

        One that was never tried is due, and so is one whose time is too far off: a clock was ahead.
        """
        longest = timedelta(minutes=limits.current().notices.longest_wait_minutes)
        free = models.Q(claimed_until__isnull=True) | models.Q(claimed_until__lte=at)
        come = models.Q(due_at__lte=at) | models.Q(attempts=0) | models.Q(due_at__gt=at + longest)
        return self.filter(free, come, state=Notice.State.WAITING).order_by("due_at")

    def overdue(self, at: datetime) -> Self:
        """Messages that nobody has tried although their time has long come: no worker takes them."""
        allowed = timedelta(minutes=limits.current().notices.late_minutes)
        return self.filter(state=Notice.State.WAITING, due_at__lt=at - allowed)

    def late(self, at: datetime) -> Self:
        """Waiting messages that were written too long ago."""
        allowed = timedelta(minutes=limits.current().notices.late_minutes)
        return self.filter(state=Notice.State.WAITING, created_at__lt=at - allowed)

    def kept(self) -> Self:
        """Messages that were not delivered and are not tried any more, but can be sent again."""
        return self.filter(state__in=[Notice.State.GIVEN_UP, Notice.State.REFUSED]).exclude(sealed="")


LAST = "account_erased"
"""The message that is written when nothing else is left of somebody: it goes out, and is wiped like all others."""


def _theirs(customer: UUID) -> models.Q:
    """All that was written to or about somebody; machines still hear what concerns them."""
    return models.Q(customer=customer, channel__in=[*Medium.values, PUSH]) & ~models.Q(kind=LAST)


def _files(keys: list[UUID]) -> None:
    """The twins of mail server and SMS carrier keep what they were handed: development's files go too."""
    folders = [(settings.MAIL_DIR, "eml"), (settings.SMS_DIR, "txt")]
    for key in keys:
        for folder, kind in folders:
            if folder:
                (Path(folder) / f"{key}.{kind}").unlink(missing_ok=True)


@erasing.goes(_theirs, before=_files)
@retention.kept(
    lambda rules, at: (
        models.Q(created_at__lt=at - timedelta(days=rules.retention.message_days))
        & ~models.Q(state=Notice.State.WAITING)
    )
)
class Notice(models.Model):
    """One message to one address. Recipient and content are sealed, and wiped once it is sent.

    What was not delivered keeps them for some days, so that it can be sent again (``manage.py outbox``).
    """

    class State(models.TextChoices):
        """Where a message stands."""

        WAITING = "waiting", _("Waiting")
        SENT = "sent", _("Sent")
        REFUSED = "refused", _("Refused for good")
        GIVEN_UP = "given_up", _("Given Up")

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    customer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        db_index=False,
        related_name="+",
        db_comment="pseudonymous",
    )
    kind = models.CharField(max_length=64, db_comment="not sensitive: which message")
    purpose = models.CharField(
        max_length=64,
        blank=True,
        default="",
        db_comment="not sensitive: for what its customer's address is used; empty: it is not sent to them",
    )
    channel = models.CharField(max_length=8, db_comment="not sensitive: mail or sms, or to a machine")
    sealed = models.TextField(
        blank=True, db_comment="sensitive: message; recipient and content, sealed; empty after delivery"
    )
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING, db_comment="not sensitive")
    attempts = models.PositiveSmallIntegerField(default=0, db_comment="not sensitive")
    trouble = models.CharField(
        max_length=64,
        blank=True,
        db_default="",
        db_comment="not sensitive: the latest failure, as a code",
    )
    created_at = models.DateTimeField(db_comment="not sensitive")
    due_at = models.DateTimeField(db_comment="not sensitive")
    tried_until = models.DateTimeField(null=True, db_comment="not sensitive: set when it is to be tried again")
    claimed_until = models.DateTimeField(null=True, db_comment="not sensitive")
    sent_at = models.DateTimeField(null=True, db_comment="not sensitive")

    objects = NoticeQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(fields=["due_at"], name="notice_due", condition=models.Q(state="waiting")),
            models.Index(fields=["customer", "-created_at"], name="notice_customer"),
            models.Index(fields=["-created_at"], name="notice_created"),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"

    @property
    def carrier(self) -> str:
        """Who is left alone when it cannot be reached: the mail server, the SMS carrier, or one partner."""
        return self.channel if self.channel in Medium.values else self.kind

    @property
    def context(self) -> str:
        """For what its content is sealed."""
        return f"notice:{self.pk}"

    def claim(self, at: datetime, seconds: int) -> None:
        """Held by one worker for so long; if it dies, another may take it."""
        self.attempts += 1
        self.claimed_until = at + timedelta(seconds=seconds)
        self.save(update_fields=["attempts", "claimed_until"])

    def hold(self, at: datetime, seconds: int) -> None:
        """The worker that claimed it is still at it."""
        mine = Notice.objects.filter(pk=self.pk, attempts=self.attempts, claimed_until__isnull=False)
        mine.update(claimed_until=at + timedelta(seconds=seconds))

    def delivered(self, at: datetime) -> None:
        """Sent: forget whom and what."""
        state = {"state": self.State.SENT, "sent_at": at, "sealed": "", "trouble": "", "claimed_until": None}
        Notice.objects.filter(pk=self.pk).update(**state)

    def postpone(self, until: datetime, trouble: str) -> None:
        """Try again later."""
        self._failed({"due_at": until, "trouble": trouble})

    def refuse(self, trouble: str) -> None:
        """Its customer does not want it any more, or there were enough: never sent, so whom and what is forgotten."""
        self._failed({"state": self.State.REFUSED, "trouble": trouble, "sealed": ""})

    def give_up(self, state: State, trouble: str) -> None:
        """Not tried any more: REFUSED or GIVEN_UP."""
        self._failed({"state": state, "trouble": trouble})

    def _failed(self, fields: dict[str, Any]) -> None:
        """This attempt is over; if another was made meanwhile, that one decides."""
        mine = Notice.objects.filter(pk=self.pk, state=self.State.WAITING, attempts=self.attempts)
        mine.update(claimed_until=None, **fields)


COLUMNS.append(Column(Notice.objects.all, "sealed", lambda row: row.context))
