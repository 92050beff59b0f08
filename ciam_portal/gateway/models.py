"""What a browser holds at an application's host: a value of its own, worth as much as the session behind it."""

from datetime import datetime

from django.db import models

from accounts.models import Session
from ciam_portal.core import retention
from ciam_portal.core.crypto import codes

PURPOSE = "gateway entry"


class EntryQuerySet(models.QuerySet["Entry"]):
    """Entries of sessions to applications."""

    def renew(self, session: Session, app: str, ends_at: datetime) -> str:
        """The value for the browser; the one that it had there before is dead."""
        value = codes.new_token()
        changed = {"digest": codes.digest(value, PURPOSE), "expires_at": ends_at}
        self.update_or_create(session=session, app=app, defaults=changed)
        return value


@retention.kept(lambda _rules, at: models.Q(expires_at__lt=at))
class Entry(models.Model):
    """A session went to an application. The browser holds a value for that host; here is its digest."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    digest = models.CharField(max_length=64, db_comment="sensitive: credential; digest of the value in the cookie")
    session = models.ForeignKey(
        "accounts.Session", on_delete=models.CASCADE, db_index=False, related_name="entries", db_comment="pseudonymous"
    )
    app = models.CharField(max_length=32, db_comment="not sensitive: key of the application")
    expires_at = models.DateTimeField(db_comment="not sensitive: the session's absolute end")

    objects = EntryQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["digest"], name="gateway_entry_digest"),
            models.UniqueConstraint(fields=["session", "app"], name="gateway_entry_once"),
        )
        indexes = (models.Index(fields=["expires_at"], name="gateway_entry_expires"),)

    def __str__(self) -> str:
        return str(self.pk)
