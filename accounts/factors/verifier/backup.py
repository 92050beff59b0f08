"""Backup codes: 80 random bits each, digest only, salted with the customer, spent once.

SP 800-63B-4 (4.2.1.1, 3.1.2.2) asks for a slow hash below 112 bits, so that a stolen table cannot be searched. Here the
digest's key is not in the database: without it no guess can be checked at all, with it each code takes 2**80 of them. A
fast digest finds the code by its index, so a wrong guess costs as much as a right one.
"""

import re
from datetime import datetime

from accounts.factors.bound import second_factors
from accounts.factors.verifier.outcome import Checked, Outcome
from accounts.models import BackupCode, User
from ciam_portal.core import typed
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy import limits

_PURPOSE = "backup code"
_FORM = re.compile(r"[A-HJ-NP-Z2-9]{16}")
FEW_LEFT = 3


def make_backup_codes(customer: User, at: datetime) -> list[str]:
    """A new set in place of the old one. The codes are returned this once; only digests are kept."""
    made = [codes.new_backup_code() for _ in range(limits.current().factors.backup_codes)]
    BackupCode.objects.filter(customer=customer).delete()
    BackupCode.objects.bulk_create(
        BackupCode(customer=customer, digest=codes.digest(_salted(customer, code), _PURPOSE), created_at=at)
        for code in map(plain_backup_code, made)
    )
    return made


def drop_codes(customer: User) -> int:
    """The set is dead; how many were left of it."""
    left = BackupCode.objects.filter(customer=customer, used_at__isnull=True).count()
    BackupCode.objects.filter(customer=customer).delete()
    return left


def plain_backup_code(text: str) -> str:
    """What was typed, without spaces and dashes, in capitals; an empty text if it cannot be a code."""
    plain = typed.code(text).replace("\u2212", "").upper()
    return plain if _FORM.fullmatch(plain) else ""


def spend_backup_code(customer: User, text: str, at: datetime) -> Checked:
    """Use one code up. Of several requests with the same code one wins: the row is locked and looked at again."""
    if not second_factors(customer):
        return Checked(Outcome.WRONG)
    unused = BackupCode.objects.filter(customer=customer, used_at__isnull=True)
    candidates = codes.digests(_salted(customer, plain_backup_code(text)), _PURPOSE)
    code = unused.select_for_update().filter(digest__in=candidates).first()
    if code is None:
        return Checked(Outcome.WRONG)
    code.used_at = at
    code.save(update_fields=["used_at"])
    return Checked(Outcome.RIGHT, left=unused.count())


def _salted(customer: User, code: str) -> str:
    return f"{customer.pk}:{code}"
