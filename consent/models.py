"""What consent keeps."""

from consent.details.models import AuthorizationDetail
from consent.permission.models import Consent

__all__ = ["AuthorizationDetail", "Consent"]
