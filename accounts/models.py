"""A customer, their sessions, devices and second factors, what was sent to prove an address, and what they dispute."""

# User comes first: the passkey library asks for the user model while it is imported.
from accounts.customer.models.user import Unsettled, User  # isort: skip
from accounts.activity.models import Dispute
from accounts.baseline.models import PopulationCount, Profile
from accounts.budgets.models import Outgoing
from accounts.customer.models.proof import Proof
from accounts.factors.models import AppBucket, BackupCode, Passkey, PasskeyAttestation, Totp
from accounts.lock.models import Change
from accounts.moving.models import BrokenLine, Move
from accounts.proofing.models import IdentityCheck, IdentityEvidence, IdentityTraining, IdentityTwin
from accounts.push.models import PushSubscription
from accounts.registration.models import HeldSignUp, SpentTicket
from accounts.restrictions.models import Restriction
from accounts.sessions.models import Device, Session, SignInAttempt
from accounts.staff.models import BreakGlass, RoleChange
from accounts.trust.models import Beginning, PassedDomain
from accounts.watch.models import Alert, RiskState

__all__ = [
    "Alert",
    "AppBucket",
    "BackupCode",
    "Beginning",
    "BreakGlass",
    "BrokenLine",
    "Change",
    "Device",
    "Dispute",
    "HeldSignUp",
    "IdentityCheck",
    "IdentityEvidence",
    "IdentityTraining",
    "IdentityTwin",
    "Move",
    "Outgoing",
    "PassedDomain",
    "Passkey",
    "PasskeyAttestation",
    "PopulationCount",
    "Profile",
    "Proof",
    "PushSubscription",
    "Restriction",
    "RiskState",
    "RoleChange",
    "Session",
    "SignInAttempt",
    "SpentTicket",
    "Totp",
    "Unsettled",
    "User",
]
