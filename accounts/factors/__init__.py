"""Second factors, checked under lock: the only speaker of django_otp and django_otp_webauthn.

Call the checks inside a transaction, from a flow.
"""

from accounts.factors.app import add_app, check_app, is_off, new_seed, seed_as_picture, seed_in_groups, switched_off
from accounts.factors.backup import FEW_LEFT, drop_codes, make_backup_codes, plain_backup_code, spend_backup_code
from accounts.factors.held import Listed, highest_level, listed, second_factors
from accounts.factors.kept import drop_idle_codes, put_back, row_of, take_away
from accounts.factors.outcome import Checked, Outcome, seconds_until
from accounts.factors.passkeys import (
    Answer,
    Ceremony,
    KnownPasskey,
    NotProven,
    Shown,
    add_passkey,
    begin_adding,
    begin_showing,
    check_passkey,
    take_answer,
)

__all__ = [
    "FEW_LEFT",
    "Answer",
    "Ceremony",
    "Checked",
    "KnownPasskey",
    "Listed",
    "NotProven",
    "Outcome",
    "Shown",
    "add_app",
    "add_passkey",
    "begin_adding",
    "begin_showing",
    "check_app",
    "check_passkey",
    "drop_codes",
    "drop_idle_codes",
    "highest_level",
    "is_off",
    "listed",
    "make_backup_codes",
    "new_seed",
    "plain_backup_code",
    "put_back",
    "row_of",
    "second_factors",
    "seconds_until",
    "seed_as_picture",
    "seed_in_groups",
    "spend_backup_code",
    "switched_off",
    "take_answer",
    "take_away",
]
