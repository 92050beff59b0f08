"""How what is recorded of approvals reads to the customer."""

from django.utils.translation import gettext_lazy as _

from ciam_portal.core.timeline import plain, tell
from ciam_portal.decisions import events

tell(
    {events.ApprovalRedeemed: plain(_("An app did what you had approved"))},
    silent=[events.DecisionGiven, events.ApprovalRefused],
)
