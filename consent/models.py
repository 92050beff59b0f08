"""What consent keeps."""

from consent.permission.models import Consent

__all__ = ["Consent"]
