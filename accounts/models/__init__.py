"""A customer, their sessions, devices and second factors, what was sent to prove an address, and what they dispute."""

# User comes first: the passkey library asks for the user model while it is imported.
from accounts.models.user import Unsettled, User  # isort: skip
from accounts.models.change import Change
from accounts.models.dispute import Dispute
from accounts.models.factor import AppLane, BackupCode, Passkey, PasskeyAttestation, Totp
from accounts.models.history import PopulationCount, Profile
from accounts.models.proof import Proof
from accounts.models.restriction import Restriction
from accounts.models.risk import Alert, RiskState
from accounts.models.role import BreakGlass, RoleChange
from accounts.models.session import Device, Session, SignInAttempt

__all__ = [
    "Alert",
    "AppLane",
    "BackupCode",
    "BreakGlass",
    "Change",
    "Device",
    "Dispute",
    "Passkey",
    "PasskeyAttestation",
    "PopulationCount",
    "Profile",
    "Proof",
    "Restriction",
    "RiskState",
    "RoleChange",
    "Session",
    "SignInAttempt",
    "Totp",
    "Unsettled",
    "User",
]
