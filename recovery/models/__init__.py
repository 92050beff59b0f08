"""What recovery keeps."""

from recovery.models.case import Case, Guesses, RecoveryAddress, Shown
from recovery.models.contact import Contact, Review

__all__ = ["Case", "Contact", "Guesses", "RecoveryAddress", "Review", "Shown"]
