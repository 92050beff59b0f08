"""How an answer gets to a partner through the browser: as it asked, and only to where it registered.

In the address, or by a form (OAuth 2.0 Form Post Response Mode); plain, or as one signed token (JARM).
"""

from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect

from ciam_portal.core import clock
from ciam_portal.core.policy import limits
from ciam_portal.oauth import jwts, keys
from ciam_portal.oauth.models import Partner

QUERY, FORM, SIGNED = "query", "form_post", "jwt"
# What each response_mode is: the way, and whether it is signed.
MODES = {
    QUERY: (QUERY, False),
    FORM: (FORM, False),
    SIGNED: (QUERY, True),  # what "jwt" means for a code (JARM section 2.3.4)
    "query.jwt": (QUERY, True),
    "form_post.jwt": (FORM, True),
}
_KIND = "oauth-authz-resp+jwt"  # of our own, so that it passes for no other token


class ToPartner(HttpResponseRedirect):
    """A redirect to a registered address, by GET whatever came in (RFC 9700 section 4.12)."""

    status_code = 303

    def __init__(self, redirect_to: str) -> None:
        # A mobile app's private-use scheme, too (RFC 8252 section 7.1): the address is one that the partner registered.
        self.allowed_schemes = [urlsplit(redirect_to).scheme]
        super().__init__(redirect_to)


class ByForm(HttpResponse):
    """What a form of ours is still to carry to ``target``."""

    def __init__(self, target: str, fields: dict[str, str]) -> None:
        super().__init__()
        self.target, self.fields = target, fields


@dataclass(frozen=True, slots=True)
class Back:
    """Where an answer goes. ``partner`` is the ``client_id``, ``mode`` one of MODES."""

    partner: str
    redirect_uri: str
    state: str | None
    mode: str = QUERY

    def answer(self, **words: str) -> HttpResponse:
        """An answer: with ``state`` as it came, and with the issuer (RFC 9207)."""
        way, is_signed = MODES[self.mode]
        words |= {"state": self.state} if self.state is not None else {}
        words["iss"] = settings.PUBLIC_URL
        if is_signed:
            words = {"response": self._signed(words)}
        if way == FORM:
            return ByForm(self.redirect_uri, words)
        separator = "&" if urlsplit(self.redirect_uri).query else ("" if self.redirect_uri.endswith("?") else "?")
        return ToPartner(f"{self.redirect_uri}{separator}{urlencode(words)}")

    def _signed(self, words: dict[str, str]) -> str:
        """JARM section 2.1; ours are written last, so that no parameter stands in for them."""
        ends = int(clock.now().timestamp()) + limits.current().oauth.id_token_seconds
        ours = {"iss": settings.PUBLIC_URL, "aud": self.partner, "exp": ends}
        algorithm = Partner.objects.values_list("algorithm", flat=True).get(client_id=self.partner)
        return jwts.sign(words | ours, keys.signing_key(algorithm), _KIND)
