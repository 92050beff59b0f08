"""StaffHost: where the staff site answers. A host of its own has its own cookies and sign-in (ASVS 3.5.4)."""

import re
from collections.abc import Callable
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from ciam_portal.core import network

_STAFF = re.compile(r"/staff(/|$)")
_NEEDED = re.compile(r"/(sign-in|sign-out|prove|session/renew|static|healthz|readyz)(/|$)")


class StaffHost:
    """With STAFF_URL the staff site answers there alone, and nothing else does; with STAFF_NETWORKS only from them."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Raises Http404: whoever asks in the wrong place learns of nothing."""
        apart = settings.STAFF_URL != settings.PUBLIC_URL
        at_home = apart and request.get_host() == urlsplit(settings.STAFF_URL).netloc
        is_staff_page = bool(_STAFF.match(request.path))
        if (is_staff_page or at_home) and not _is_from_our_networks(request):
            raise Http404
        if is_staff_page and apart and not at_home:
            raise Http404
        if at_home and not is_staff_page and not _NEEDED.match(request.path):
            return _elsewhere(request)
        return self.get_response(request)


def _elsewhere(request: HttpRequest) -> HttpResponse:
    """The customers' pages are on their own host; the front page of this one is the staff site's."""
    if request.method not in {"GET", "HEAD"}:
        raise Http404
    return HttpResponseRedirect("/staff/" if request.path == "/" else settings.PUBLIC_URL + request.get_full_path())


def _is_from_our_networks(request: HttpRequest) -> bool:
    address = ip_address(network.client_address(request))
    address = getattr(address, "ipv4_mapped", None) or address
    return not settings.STAFF_NETWORKS or any(address in one for one in settings.STAFF_NETWORKS)
