"""Challenges that were passed, so that none is passed twice."""

from django.db import models

from ciam_portal.core import retention


@retention.kept(lambda _rules, at: models.Q(expires_at__lt=at))
class SpentTicket(models.Model):
    """A ticket whose work has opened an account, for as long as it could be shown again."""

    digest = models.CharField(max_length=32, primary_key=True, db_comment="not sensitive: a digest of random bytes")
    expires_at = models.DateTimeField(db_comment="not sensitive")

    class Meta:
        indexes = (models.Index(fields=["expires_at"], name="spentticket_expires"),)

    def __str__(self) -> str:
        return self.digest
