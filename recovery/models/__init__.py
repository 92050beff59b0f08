"""What recovery keeps."""

from recovery.models.address import RecoveryAddress
from recovery.models.case import Case, Guesses, Inquiry, Shown
from recovery.models.contact import Contact, Review

__all__ = ["Case", "Contact", "Guesses", "Inquiry", "RecoveryAddress", "Review", "Shown"]
