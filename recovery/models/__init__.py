"""What recovery keeps."""

from recovery.models.address import RecoveryAddress
from recovery.models.case import Case, Inquiry, Shown
from recovery.models.contact import Contact, Review
from recovery.models.guesses import Guesses

__all__ = ["Case", "Contact", "Guesses", "Inquiry", "RecoveryAddress", "Review", "Shown"]
