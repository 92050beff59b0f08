"""Second factors, checked under lock: the only speaker of django_otp and django_otp_webauthn.

Call the checks inside a transaction, from a flow.
"""

from accounts.factors.verifier.app import (
    add_app,
    check_app,
    is_off,
    new_seed,
    pending_seed,
    seed_as_picture,
    seed_in_groups,
    switched_off,
)
from accounts.factors.verifier.backup import (
    FEW_LEFT,
    drop_codes,
    make_backup_codes,
    plain_backup_code,
    spend_backup_code,
)
from accounts.factors.verifier.outcome import Checked, Outcome, seconds_until
from accounts.factors.verifier.passkeys import (
    Answer,
    Ceremony,
    KnownPasskey,
    NotProven,
    add_passkey,
    begin_adding,
    begin_showing,
    check_passkey,
    take_answer,
)
from accounts.factors.verifier.stored import drop_idle_codes, put_back, row_of, take_away

__all__ = [
    "FEW_LEFT",
    "Answer",
    "Ceremony",
    "Checked",
    "KnownPasskey",
    "NotProven",
    "Outcome",
    "add_app",
    "add_passkey",
    "begin_adding",
    "begin_showing",
    "check_app",
    "check_passkey",
    "drop_codes",
    "drop_idle_codes",
    "is_off",
    "make_backup_codes",
    "new_seed",
    "pending_seed",
    "plain_backup_code",
    "put_back",
    "row_of",
    "seconds_until",
    "seed_as_picture",
    "seed_in_groups",
    "spend_backup_code",
    "switched_off",
    "take_answer",
    "take_away",
]
