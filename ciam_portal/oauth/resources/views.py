"""What our own APIs say of themselves (RFC 9728): whoever knows nothing but an address of theirs finds the rest."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from ciam_portal.core import links
from ciam_portal.oauth import jwts
from ciam_portal.oauth.resources import ours
from ciam_portal.oauth.views import for_machines, problem, published

_KEPT_SECONDS = 3600


@for_machines("GET", "HEAD")
def protected_resource(request: HttpRequest, path: str) -> HttpResponse:
    """Of the very address that is asked for: any other's document would be void (section 3.3)."""
    url = f"{settings.PUBLIC_URL}/{path}"
    scopes = ours.scopes_at(url)
    if scopes is None:
        return problem("not_found", "no resource is at this address", 404)
    document = {
        "resource": url,
        "authorization_servers": [settings.PUBLIC_URL],
        "scopes_supported": list(scopes),
        "bearer_methods_supported": ["header"],
        "resource_name": settings.PORTAL_NAME,
        "resource_policy_uri": links.absolute("privacy"),
        "resource_tos_uri": links.absolute("terms"),
        "dpop_signing_alg_values_supported": list(jwts.ALGORITHMS),
    }
    return published(document, seconds=_KEPT_SECONDS)
