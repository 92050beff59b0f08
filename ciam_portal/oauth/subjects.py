"""Who a customer is to a partner: the ``sub`` of OpenID Connect."""

import hmac
from uuid import UUID

from django.conf import settings

from ciam_portal.core import base64url
from ciam_portal.oauth.models import Partner


def subject(partner: Partner, customer: UUID) -> str:
    """The name under which ``partner`` knows ``customer``; the same for ever.

    Pairwise (OpenID Connect Core section 8.1): partners of different sectors cannot compare notes. Public, for partners
    registered so: the customer's id.
    """
    if partner.subject_type == Partner.SubjectType.PUBLIC:
        return str(customer)
    return pairwise(partner.sector, customer)


def pairwise(sector: str, customer: UUID) -> str:
    """The name under which all of a sector, and nobody else, knows ``customer``."""
    text = f"{sector}\x00{customer}".encode()
    mac = hmac.digest(settings.SUBJECT_KEY, b"pairwise subject\x00" + text, "sha256")
    return base64url.encode(mac)
