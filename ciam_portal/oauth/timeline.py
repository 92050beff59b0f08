"""How what is recorded of partners reads to a customer: not at all."""

from ciam_portal.core.timeline import tell
from ciam_portal.oauth import partners
from ciam_portal.oauth.credentials import events

tell(
    {},
    silent=[
        partners.PartnerRegistered,
        partners.PartnerOwned,
        events.CredentialMade,
        events.CredentialEnded,
        partners.PartnerSwitched,
        partners.PartnerMayAsk,
    ],
)
