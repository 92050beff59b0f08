"""The demonstration's people, and what their authenticator apps show: worked out from the state's secret key."""

import base64
import hashlib
import hmac

from django_otp.oath import TOTP

from tests.stack.state import StackError

PASSWORD = "correct horse battery staple"
CUSTOMERS = {"ada@example.com": "Ada Lovelace", "grace@example.com": "Grace Hopper"}
LEAVING = {"edith@example.com": "Edith Clarke"}  # has asked that her account be deleted
RESTING = {"joan@example.com": "Joan Clarke"}  # has asked that the use of her data be restricted
PHONES = {"ada@example.com": "+4722855050", "grace@example.com": "+4722856070"}
STAFF = {
    "agent@example.com": ("Alan Agent", "agent"),
    "agent2@example.com": ("Alma Agent", "agent"),  # a document takes two agents
    "approver@example.com": ("Anna Approver", "approver"),
    "approver2@example.com": ("Axel Approver", "approver"),  # where little can be shown, two approve
    "auditor@example.com": ("Otto Auditor", "auditor"),
    "admin@example.com": ("Mona Admin", "administrator"),
    "admin2@example.com": ("Omar Admin", "administrator"),  # two people make a policy decide
    "privacy@example.com": ("Petra Privacy", "privacy_officer"),
}
WITH_APP = {"grace@example.com", *STAFF}


def seed(secret_key: str, email: str) -> bytes:
    """What this person's authenticator app was set up with."""
    return hmac.new(secret_key.encode(), f"demo app\x00{email}".encode(), hashlib.sha1).digest()


def key(secret_key: str, email: str) -> str:
    """The same, as it is typed into an app."""
    return base64.b32encode(seed(secret_key, email)).decode()


def code(secret_key: str, email: str, at: float) -> str:
    """What the app shows at this second."""
    if email not in WITH_APP:
        message = f"{email} has no demo authenticator. Those who have: {', '.join(sorted(WITH_APP))}."
        raise StackError(message)
    app = TOTP(seed(secret_key, email), step=30, t0=0, digits=6)
    app.time = at
    return f"{app.token():06d}"
