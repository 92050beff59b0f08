"""What consent keeps."""

from consent.details.models import AuthorizationDetail
from consent.device.models import DeviceCode
from consent.ledger.models import Use
from consent.permission.models import Consent

__all__ = ["AuthorizationDetail", "Consent", "DeviceCode", "Use"]
