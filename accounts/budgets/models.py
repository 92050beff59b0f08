"""What went out, and what was stopped: what the counts in the cache are measured against when that has lost them."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.budgets.policy import Limit
from ciam_portal.core import erasing, retention
from ciam_portal.core.outbox.notice import Medium


class OutgoingQuerySet(models.QuerySet["Outgoing"]):
    """Reads over what went out."""

    def sent(self) -> Self:
        """Not stopped."""
        return self.filter(over="")

    def alike(self, row: "Outgoing", limit: Limit, at: datetime) -> Self:
        """What this limit counts together with this one."""
        since = at - timedelta(seconds=limit.seconds)
        found = self.sent().filter(at__gt=since, **{name: getattr(row, name) for name in limit.same})
        return found if limit.besides is None else found.exclude(purpose=limit.besides)


@erasing.stays("Numbers of messages by pseudonyms that name nobody, for some days.")
@retention.kept(lambda rules, at: models.Q(at__lt=at - timedelta(days=rules.notices.kept_days)))
class Outgoing(models.Model):
    """One message that counts, and which limit stopped it; by the number that it has in the outbox.

    ``place``: of a mail its domain, of a text message the range of its number (without the last four digits).
    """

    id = models.UUIDField(primary_key=True, editable=False, db_comment="not sensitive")
    at = models.DateTimeField(db_comment="not sensitive")
    channel = models.CharField(max_length=8, choices=Medium.choices, db_comment="not sensitive")
    purpose = models.CharField(max_length=16, blank=True, db_comment="not sensitive: for what it was asked")
    stranger = models.BooleanField(db_comment="not sensitive: asked for by somebody whom we do not know")
    recipient = models.CharField(max_length=32, db_comment="pseudonymous: mailbox or number, hidden")
    place = models.CharField(max_length=32, db_comment="pseudonymous: mail domain or range of numbers, hidden")
    source = models.CharField(max_length=32, blank=True, db_comment="pseudonymous: who asked for it, hidden")
    country = models.CharField(max_length=3, blank=True, db_comment="not sensitive: of a number")
    cents = models.PositiveIntegerField(default=0, db_comment="not sensitive: what it is taken to cost")
    over = models.CharField(max_length=16, blank=True, db_comment="not sensitive: the limit that stopped it")

    objects = OutgoingQuerySet.as_manager()

    class Meta:
        verbose_name = _("message that counts")
        verbose_name_plural = _("messages that count")
        indexes = (
            models.Index(fields=["-at"], name="outgoing_at"),
            models.Index(fields=["recipient", "-at"], name="outgoing_recipient"),
            models.Index(fields=["place", "-at"], name="outgoing_place"),
            models.Index(fields=["source", "-at"], name="outgoing_source"),
        )

    def __str__(self) -> str:
        return f"{self.channel} {self.over or 'sent'}"

    def note(self, over: str) -> None:
        """It went, or this limit stopped it."""
        self.over = over
        self.save(force_insert=True)
