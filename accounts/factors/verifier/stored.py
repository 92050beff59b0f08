"""Taking a factor back, and putting one back that was removed: the row as it was, never a seed in clear.

The row of an app holds its seed sealed; the row of a passkey holds a public key. The caller seals the whole once more.
"""

import json
from datetime import datetime

from django.core import serializers
from django.core.serializers.base import DeserializationError
from django.db import IntegrityError, transaction

from accounts.factors.policy import STRONG
from accounts.models import BackupCode, Passkey, PasskeyAttestation, Totp, User
from ciam_portal.core.policy.assurance import Method


def row_of(factor: Totp | Passkey) -> bytes:
    """The row with what hangs from it, to be sealed and kept for ``put_back``."""
    attestations = PasskeyAttestation.objects.filter(credential=factor.pk) if isinstance(factor, Passkey) else ()
    rows = serializers.serialize("python", [factor, *attestations])
    return json.dumps(rows, default=datetime.isoformat).encode()  # the library's own JSON cuts instants short


def put_back(customer: User, stored: bytes) -> bool:
    """The factor is there again as it was; False if it cannot be: it is with another account by now, or unreadable."""
    try:
        rows = list(serializers.deserialize("python", json.loads(stored)))
        if {row.object.user_id for row in rows if isinstance(row.object, (Totp, Passkey))} != {customer.pk}:
            return False
        with transaction.atomic():
            for row in rows:
                row.save(force_insert=True)
    except (DeserializationError, IntegrityError, ValueError):
        return False
    return True


def take_away(customer: User, method: str, key: str) -> bool:
    """The factor with this key is gone; False if it was gone before."""
    if method == Method.TOTP:
        gone, _kinds = Totp.objects.filter(user=customer, pk=int(key)).delete()
    else:
        gone, _kinds = Passkey.objects.filter(user=customer, pk=key).delete()
    return bool(gone)


def drop_idle_codes(customer: User, held: frozenset[Method]) -> None:
    """Backup codes go once nothing is left that they could stand in for."""
    if not held & STRONG:
        BackupCode.objects.filter(customer=customer).delete()
