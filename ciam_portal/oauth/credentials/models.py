"""One row for each thing that a partner proves itself with. None lives for ever: the database sees to that."""

from datetime import datetime, timedelta
from typing import ClassVar, Self
from uuid import UUID

from django.db import models

from ciam_portal.core import retention
from ciam_portal.core.crypto import codes
from ciam_portal.core.crypto.columns import COLUMNS, Column
from ciam_portal.oauth.hashers import CONTEXT, PREFIX, ClientSecret

_MARKED_EVERY = timedelta(minutes=5)
_MOST_NETWORKS = 10


class CredentialQuerySet(models.QuerySet["Credential"]):
    """Reads over credentials."""

    def live(self, at: datetime) -> Self:
        """Those that prove something now."""
        return self.filter(ended_at=None, expires_at__gt=at)


@retention.kept(lambda rules, at: models.Q(expires_at__lt=at - timedelta(days=rules.retention.record_days)))
class Credential(models.Model):
    """A secret (we keep its digest), a set of public keys, or the address where the partner publishes them."""

    class Kind(models.TextChoices):
        """What it is."""

        SECRET = "secret"  # noqa: S105  (a word)
        KEYS = "keys"
        PUBLISHED = "published"

    FIRST, SECOND = SLOTS = (1, 2)
    LIVE_FIELDS: ClassVar = ("id", "kind", "digest", "jwks", "jwks_uri", "made_at", "expires_at", "used_at", "networks")

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    partner = models.ForeignKey(
        "oauth.Partner", on_delete=models.CASCADE, related_name="credentials", db_comment="not sensitive"
    )
    kind = models.CharField(max_length=9, choices=Kind.choices, db_comment="not sensitive")
    slot = models.PositiveSmallIntegerField(db_comment="not sensitive: the first or second place of two")
    digest = models.CharField(max_length=255, blank=True, db_comment="secret: digest of the partner's, sealed")
    jwks = models.JSONField(null=True, db_comment="not sensitive: public keys")
    jwks_uri = models.URLField(max_length=1024, blank=True, db_comment="not sensitive: where public keys are published")
    made_at = models.DateTimeField(db_comment="not sensitive")
    expires_at = models.DateTimeField(db_comment="not sensitive: proves nothing from then on")
    ended_at = models.DateTimeField(null=True, db_comment="not sensitive: ended, or made room for the next")
    reminded = models.PositiveSmallIntegerField(default=0, db_comment="not sensitive: how often its end was told")
    used_at = models.DateTimeField(null=True, db_comment="not sensitive: proved something, to some minutes")
    networks = models.JSONField(
        default=dict, db_comment="not sensitive: networks of the partner's servers that showed it, and when"
    )

    objects = CredentialQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["partner", "slot"], condition=models.Q(ended_at=None), name="credential_two_at_a_time"
            ),
            models.CheckConstraint(condition=models.Q(slot__in=[1, 2]), name="credential_slot"),
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("made_at")), name="credential_ends_after_start"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="secret", jwks=None, jwks_uri="") & ~models.Q(digest="")
                | models.Q(kind="keys", jwks__isnull=False, jwks_uri="", digest="")
                | models.Q(kind="published", jwks=None, digest="") & ~models.Q(jwks_uri=""),
                name="credential_is_of_its_kind",
            ),
        )
        indexes = (models.Index(fields=["expires_at"], name="credential_expires"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.made_at:%Y-%m-%d}"

    def is_live(self, at: datetime) -> bool:
        """Whether it proves anything now."""
        return self.ended_at is None and at < self.expires_at

    def is_secret(self, secret: str) -> bool:
        """Whether this is the secret. One that was stored before digests were sealed is sealed then."""
        hasher = ClientSecret()
        if not (self.digest and secret and hasher.verify(secret, self.digest)):
            return False
        if hasher.must_update(self.digest):
            known = Credential.objects.filter(pk=self.pk, digest=self.digest)
            known.update(digest=hasher.encode(secret, ""))
        return True

    def used(self, network: str, at: datetime) -> None:
        """It proved something, from there. Written once in some minutes, and when a network is new."""
        is_fresh = self.used_at is not None and at - self.used_at < _MARKED_EVERY
        is_known = network in self.networks or len(self.networks) >= _MOST_NETWORKS
        if is_fresh and is_known:
            return
        latest = sorted((self.networks | {network: at.isoformat()}).items(), key=lambda seen: seen[1])
        Credential.objects.filter(pk=self.pk).update(used_at=at, networks=dict(latest[-_MOST_NETWORKS:]))

    def outlived(self, until: datetime) -> None:
        """There is another now: this one dies by itself."""
        self.expires_at = min(self.expires_at, until)
        self.save(update_fields=["expires_at"])

    def told(self, times: int) -> None:
        """Its owner heard that it ends, for the so many-th time."""
        self.reminded = times
        self.save(update_fields=["reminded"])

    def end(self, at: datetime) -> None:
        """It proves nothing any more, and its place is free."""
        self.ended_at = at
        self.save(update_fields=["ended_at"])


COLUMNS.append(
    Column(lambda: Credential.objects.exclude(digest=""), "digest", lambda _row: CONTEXT, prefix=PREFIX),
)


def of_json(row: dict[str, object], partner: UUID) -> Credential:
    """A credential as ``known.partner_of`` reads it, beside its partner."""
    times = {
        name: row[name] and datetime.fromisoformat(str(row[name])) for name in ("made_at", "expires_at", "used_at")
    }
    return Credential(**row | times | {"id": UUID(str(row["id"]))}, partner_id=partner)
