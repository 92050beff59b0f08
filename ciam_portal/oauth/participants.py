"""Who took part in a session, and is to hear of its end."""

from django.db import models

from ciam_portal.core.crypto import codes


class Participant(models.Model):
    """A partner that took part in a session, and is to hear of its end. Its id is the ``sid`` that the partner sees."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    session = models.ForeignKey(
        "accounts.Session", on_delete=models.CASCADE, db_index=False, related_name="+", db_comment="pseudonymous"
    )
    partner = models.ForeignKey("oauth.Partner", on_delete=models.CASCADE, db_index=False, db_comment="not sensitive")
    told_at = models.DateTimeField(null=True, db_comment="not sensitive: when its end was put into the outbox")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["session", "partner"], name="participant_once"),)
        indexes = (models.Index(fields=["session"], name="participant_to_tell", condition=models.Q(told_at=None)),)

    def __str__(self) -> str:
        return str(self.pk)
