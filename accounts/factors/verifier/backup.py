"""Backup codes: 80 random bits each, digest only, salted with the customer, spent once.

SP 800-63B-4 (4.2.1.1, 3.1.2.2) asks for a slow hash below 112 bits, so that a stolen table cannot be searched. Here
each digest is sealed, with a key that is not in the database: without it no guess can be checked at all, with it each
code takes 2**80 of them. All unused codes of a customer are compared: a wrong guess costs as much as a right one.
"""

import re
from datetime import datetime

from accounts.factors.bound import second_factors
from accounts.factors.verifier.outcome import Checked, Outcome
from accounts.models import BackupCode, User
from ciam_portal.core import typed
from ciam_portal.core.crypto import codes, vault
from ciam_portal.core.policy import limits

_PURPOSE = "backup code"
_FORM = re.compile(r"[A-HJ-NP-Z2-9]{16}")
FEW_LEFT = 3


def make_backup_codes(customer: User, at: datetime) -> list[str]:
    """A new set in place of the old one. The codes are returned this once; only digests are kept."""
    context = BackupCode(customer=customer).context
    made = [codes.new_backup_code() for _ in range(limits.current().factors.backup_codes)]
    BackupCode.objects.filter(customer=customer).delete()
    BackupCode.objects.bulk_create(
        BackupCode(customer=customer, digest=vault.seal_digest(code, context), created_at=at)
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
    plain = plain_backup_code(text)
    right = [code for code in unused.select_for_update().order_by("pk") if plain and _fits(code, plain)]
    if not right:
        return Checked(Outcome.WRONG)
    code = right[0]
    code.used_at = at
    code.save(update_fields=["used_at"])
    return Checked(Outcome.RIGHT, left=unused.count())


def _fits(code: BackupCode, text: str) -> bool:
    if vault.NAMED in code.digest:
        return vault.is_digest_of(code.digest, text, code.context)
    # A set from before digests were sealed: it can be used up, but moves to no other key.
    return codes.matches(f"{code.customer_id}:{text}", _PURPOSE, code.digest)
