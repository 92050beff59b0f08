"""Who says that it is a partner, and what of it is proven: asked at every request, in one statement."""

from datetime import datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef
from django.db.models.functions import JSONObject

from ciam_portal.core.postgres.prepared import Prepared
from ciam_portal.oauth.credentials.models import Credential, of_json
from ciam_portal.oauth.models import Partner

_KEPT = JSONObject(**{name: F(name) for name in Credential.LIVE_FIELDS})
_OWN = Credential.objects.filter(partner=OuterRef("pk"), ended_at=None).order_by("made_at")


_PARTNER: Prepared[Partner] = Prepared(
    lambda client_id: Partner.objects.annotate(kept=ArraySubquery(_OWN.values_list(_KEPT))).filter(client_id=client_id)
)


def partner_of(client_id: str) -> Partner | None:
    """The partner of this name, on or off, and beside it what it proves itself with."""
    return _PARTNER.first(client_id)


def live(partner: Partner, at: datetime) -> list[Credential]:
    """What this partner proves itself with now; no statement, if it comes from ``partner_of``."""
    if not hasattr(partner, "kept"):
        return list(partner.credentials.live(at))
    own = (of_json(row, partner.pk) for row in partner.kept)
    return [each for each in own if each.is_live(at)]
