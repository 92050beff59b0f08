"""What consent keeps."""

from consent.acting.models import ActingSession
from consent.approvals.models import ApprovalRequest
from consent.business.models import Business, BusinessMember, BusinessRemoval, BusinessRole
from consent.delegation.models import DelegatedUse, Delegation, DelegationRequest
from consent.details.models import AuthorizationDetail
from consent.device.models import DeviceCode
from consent.erasure.models import Deletion
from consent.export.models import Export, ExportPart
from consent.family.models import Dependant, Family, FamilyRequest, Membership, ParentalResponsibility, Removal
from consent.ledger.models import Use
from consent.permission.models import Consent
from consent.purposes.models import Purpose, PurposeVersion
from consent.receipts.models import Receipt
from consent.records.models import ConsentEvent, ConsentRecord
from consent.rights.models import Request

__all__ = [
    "ActingSession", "ApprovalRequest",
    "AuthorizationDetail", "Business", "BusinessMember", "BusinessRemoval", "BusinessRole", "Consent", "ConsentEvent",
    "ConsentRecord", "DelegatedUse", "Delegation", "DelegationRequest", "Deletion", "Dependant", "DeviceCode", "Export",
    "ExportPart", "Family", "FamilyRequest", "Membership", "ParentalResponsibility", "Purpose", "PurposeVersion",
    "Receipt", "Removal", "Request", "Use",
]  # fmt: skip
