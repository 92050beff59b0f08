"""Second factors: authenticator app, backup codes, passkeys."""

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp_webauthn.models import AbstractWebAuthnAttestation, AbstractWebAuthnCredential

from accounts.customer.models.user import User
from ciam_portal.core import retention
from ciam_portal.core.categories import of_library
from ciam_portal.core.crypto import codes, vault
from ciam_portal.core.crypto.columns import COLUMNS, Column


class Totp(TOTPDevice):
    """django-otp's authenticator-app device, with its seed sealed at rest. ``key`` never holds the seed in clear."""

    class Meta:
        proxy = True

    def verify_is_allowed(self) -> tuple[bool, dict[str, Any] | None]:
        """Always: who has to wait is said by the origin's bucket (AppBucket), never by what others typed."""
        return True, None

    @property
    def bin_key(self) -> bytes:
        """The seed. Raises vault.CannotOpen if it was moved to another customer or its key is gone."""
        return vault.unseal(self.key, self.context)

    @property
    def context(self) -> str:
        """For what its seed is sealed."""
        return f"totp:{self.user_id}"

    def seal(self, seed: bytes) -> None:
        """Keep a new seed (20 bytes) for this customer."""
        self.key = vault.seal(seed, self.context)


COLUMNS.append(Column(Totp.objects.all, "key", lambda row: row.context))


@retention.kept(lambda _rules, at: models.Q(last_at__lt=at - 2 * AppBucket.LONGEST))  # none waits for so long
class AppBucket(models.Model):
    """Wrong codes for one app from one origin, in a row. Each origin waits for itself, twice as long after each."""

    LONGEST = timedelta(days=1)

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    app = models.ForeignKey(
        Totp, on_delete=models.CASCADE, db_index=False, related_name="buckets", db_comment="pseudonymous"
    )
    origin = models.CharField(max_length=64, db_comment="pseudonymous: the session or browser in which they were typed")
    failures = models.PositiveIntegerField(default=0, db_comment="not sensitive: wrong codes in a row")
    last_at = models.DateTimeField(db_comment="not sensitive: the latest of them")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["app", "origin"], name="app_bucket_once"),)
        indexes = (models.Index(fields=["last_at"], name="app_bucket_last"),)

    def __str__(self) -> str:
        return str(self.pk)

    def until(self, at: datetime, factor: int) -> datetime | None:
        """Until when no code is looked at here; None if one would be. ``factor``: seconds after the first wrong one."""
        if not self.failures:
            return None
        doubled = timedelta(seconds=factor * 2 ** min(self.failures - 1, 20))
        until = self.last_at + min(doubled, self.LONGEST)
        return until if at < until else None

    def missed(self, at: datetime) -> None:
        """One more wrong code."""
        self.failures, self.last_at = self.failures + 1, at
        self.save()

    def clear(self) -> None:
        """A right code."""
        self.failures = 0
        self.save(update_fields=["failures"])


class BackupCode(models.Model):
    """One spare code: 80 random bits, digest only, spent once."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    customer = models.ForeignKey(
        User, on_delete=models.CASCADE, db_index=False, related_name="backup_codes", db_comment="pseudonymous"
    )
    digest = models.CharField(max_length=128, db_comment="sensitive: credential; digest of the code, sealed")
    created_at = models.DateTimeField(db_comment="not sensitive")
    used_at = models.DateTimeField(null=True, db_comment="not sensitive")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["customer", "digest"], name="backup_code_once"),)

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def context(self) -> str:
        """For what its digest is sealed."""
        return f"backup code:{self.customer_id}"


COLUMNS.append(
    Column(
        lambda: BackupCode.objects.filter(used_at__isnull=True),
        "digest",
        lambda row: row.context,
        before="DIGEST_KEYS",
    )
)


class Passkey(AbstractWebAuthnCredential):
    """A passkey or security key (WebAuthn credential)."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    user_verified_at_creation = models.BooleanField(
        default=False, db_comment="not sensitive: PIN or biometrics checked"
    )

    class Meta(AbstractWebAuthnCredential.Meta):
        abstract = False


class PasskeyAttestation(AbstractWebAuthnAttestation):
    """What the authenticator said of itself when the passkey was made."""

    id = models.UUIDField(primary_key=True, default=codes.new_id, editable=False, db_comment="not sensitive")
    credential = models.OneToOneField(
        Passkey, on_delete=models.CASCADE, related_name="attestation", editable=False, db_comment="pseudonymous"
    )

    class Meta(AbstractWebAuthnAttestation.Meta):
        abstract = False


_PASSKEY = {
    "name": "device", "aaguid": "device", "transports": "device", "credential_id": "credential",
    "credential_id_sha256": "credential", "public_key": "credential",
}  # fmt: skip
for _table in ("accounts_passkey", "django_otp_webauthn_webauthncredential"):
    of_library(_table, plain="credential_type", **_PASSKEY)
for _table in ("accounts_passkeyattestation", "django_otp_webauthn_webauthnattestation"):
    of_library(_table, plain="fmt", data="device", client_data_json="device")
of_library("django_otp_webauthn_webauthnuserhandle", handle_hex="pseudonym")
of_library("otp_totp_totpdevice", name="device", key="credential")
