"""What recovery keeps."""

from recovery.models.case import Case, Guesses, Inquiry, RecoveryAddress, Shown
from recovery.models.contact import Contact, Review

__all__ = ["Case", "Contact", "Guesses", "Inquiry", "RecoveryAddress", "Review", "Shown"]
