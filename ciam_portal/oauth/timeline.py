"""How what is recorded of partners reads to a customer: not at all."""

from ciam_portal.core.timeline import tell
from ciam_portal.oauth import partners
from ciam_portal.oauth.signing import events as signing

tell(
    {},
    silent=[
        partners.PartnerRegistered,
        partners.PartnerSecretReplaced,
        partners.PartnerSwitched,
        partners.PartnerMayAsk,
        signing.SigningKeyMade,
        signing.SigningKeyRetired,
        signing.SigningKeyRevoked,
    ],
)
