"""How what is recorded of partners reads to a customer: not at all."""

from ciam_portal.core.timeline import tell
from ciam_portal.oauth import events
from ciam_portal.oauth.credentials import events as credentials
from ciam_portal.oauth.documents import events as documents
from ciam_portal.oauth.resources import registry
from ciam_portal.oauth.signing import events as signing

tell(
    {},
    silent=[
        events.PartnerRegistered,
        events.PartnerOwned,
        credentials.CredentialMade,
        credentials.CredentialEnded,
        credentials.CredentialEnding,
        events.PartnerUnused,
        events.PartnerSwitched,
        events.PartnerMayAsk,
        events.PartnerTakesDelegates,
        events.PartnerRetired,
        events.AgentCeilingSet,
        documents.AgentMet,
        documents.AgentReadAgain,
        documents.AgentGone,
        registry.ResourceRegistered,
        registry.ResourceSwitched,
        registry.PartnerMayReach,
        signing.SigningKeyMade,
        signing.SigningKeyRetired,
        signing.SigningKeyRevoked,
    ],
)
