"""The APIs of others that tokens are made for."""

from typing import TYPE_CHECKING

from django.contrib.postgres.fields import ArrayField
from django.db import models

from ciam_portal.core.crypto import codes

if TYPE_CHECKING:
    from ciam_portal.oauth.models import Partner


class Resource(models.Model):
    """One API, known by its address. It asks about tokens with the credentials of the partner that runs it."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    url = models.CharField(max_length=1024, unique=True, db_comment="not sensitive: its address, as tokens name it")
    name = models.CharField(max_length=80, db_comment="not sensitive: as customers read it")
    partner = models.ForeignKey("oauth.Partner", on_delete=models.PROTECT, db_comment="not sensitive: who runs it")
    scopes = ArrayField(
        models.CharField(max_length=64), default=list, db_comment="not sensitive: the ceiling of what tokens open there"
    )
    introspects = models.BooleanField(db_comment="not sensitive: asks us about each token that it is sent")
    is_signed = models.BooleanField(default=False, db_comment="not sensitive: reads its tokens by itself (RFC 9068)")
    for_unregistered = models.BooleanField(
        default=False, db_comment="not sensitive: agents that nobody registered may ask tokens for it"
    )
    is_enabled = models.BooleanField(default=True, db_comment="not sensitive: false ends every token for it at once")

    def __str__(self) -> str:
        return self.name

    def is_open_to(self, partner: "Partner") -> bool:
        """Whether this partner may ask tokens for it."""
        return self.url in partner.resources_allowed or (partner.is_unregistered and self.for_unregistered)
