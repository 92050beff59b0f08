"""What recovery keeps."""

from recovery.addresses.models import RecoveryAddress
from recovery.case.models.case import Case, Inquiry, Shown
from recovery.case.models.guesses import Guesses
from recovery.contacts.models import Contact, Review
from recovery.succession.models import Succession, SuccessionNote, Successor

__all__ = [
    "Case", "Contact", "Guesses", "Inquiry", "RecoveryAddress", "Review", "Shown", "Succession", "SuccessionNote",
    "Successor",
]  # fmt: skip
