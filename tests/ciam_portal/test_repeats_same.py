"""Which requests are the very same; and that a token which is bound, or was signed for, is made as it was asked for."""

import io
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpResponse

from ciam_portal import repeats
from ciam_portal.core import clock
from ciam_portal.oauth import dpop
from ciam_portal.oauth.models import AccessToken
from ciam_portal.oauth.profiles import Profile
from consent.release.flows import partners
from tests.ciam_portal.test_repeats import Asking, again, still  # noqa: F401  (fixtures)
from tests.oauth.keyed import Keyed

FORM = b"token=one"
PLAIN = {
    "REQUEST_METHOD": "POST", "PATH_INFO": "/oauth/introspect/", "QUERY_STRING": "", "REMOTE_ADDR": "192.0.2.1",
    "CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": str(len(FORM)), "HTTP_HOST": "id.example",
    "HTTP_AUTHORIZATION": "Basic one", "HTTP_COOKIE": "gateway=one", "HTTP_USER_AGENT": "one",
    "HTTP_X_FORWARDED_FOR": "192.0.2.9", "HTTP_X_GATEWAY_METHOD": "GET", "HTTP_X_GATEWAY_URI": "/",
    "HTTP_X_GATEWAY_HOST": "shop.example", "HTTP_X_GATEWAY_KEY": "one", "HTTP_ACCEPT": "*/*",
}  # fmt: skip


def key(body: bytes = FORM, /, **changed: Any) -> bytes:
    return repeats._key(PLAIN | {"wsgi.input": io.BytesIO(body)} | changed)


@pytest.mark.parametrize("name", [*sorted(PLAIN.keys() - {"CONTENT_LENGTH"}), "HTTP_DPOP", "HTTP_ORIGIN"])
def test_a_request_that_differs_in_anything_is_another(name: str) -> None:
    assert key() == key() != key(**{name: "other"})


def test_so_is_another_body_and_one_that_lies_about_its_length() -> None:
    assert len({key(), key(b"token=two"), key(CONTENT_LENGTH="5"), key(b"", CONTENT_LENGTH="")}) == 4


def test_what_only_names_a_request_and_the_proof_itself_make_no_other() -> None:
    assert key(HTTP_DPOP="x.y.z") == key(HTTP_DPOP="a.b.c", HTTP_TRACEPARENT="1", HTTP_X_REQUEST_ID="2")


class Bound(Asking):
    """A service that shows its secret, and proves its key."""

    def __init__(self) -> None:
        self.keyed = Keyed(profile=Profile.SERVICE, jwks=None)
        super().__init__(self.keyed, token="")
        nonce = dpop.with_nonce(HttpResponse(), clock.now())
        self.keyed.nonce = nonce["DPoP-Nonce"]

    def asks(self, proof: str = "") -> str:
        said = {"AUTHORIZATION": self.keyed.basic(), "DPOP": proof or self.keyed.possession("POST", "/oauth/token/")}
        return self.ask("POST", "/oauth/token/", b"grant_type=client_credentials", **said)[0]


@pytest.mark.django_db
@pytest.mark.usefixtures("again", "still")
@pytest.mark.control("RFC9449-5")
def test_a_token_that_is_to_be_bound_is_bound_each_time() -> None:
    bound = Bound()
    assert [bound.asks() for _ in range(5)] == ["200 OK"] * 5
    assert {*AccessToken.objects.values_list("jkt", flat=True)} == {bound.keyed.holder.thumbprint()}
    proof = bound.keyed.possession("POST", "/oauth/token/")
    assert [bound.asks(proof)[:3] for _ in range(4)] == ["200", "400", "400", "400"]


@pytest.mark.django_db
@pytest.mark.usefixtures("again", "still")
def test_a_signature_is_looked_at_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asking = Asking(keyed := Keyed(profile=Profile.SERVICE), token="")
    monkeypatch.setattr(cache, "add", lambda *_, **__: True)  # even if nobody remembered that it was shown
    monkeypatch.setattr(partners, "authorize_again", lambda *_, **__: pytest.fail("made again"))
    form = "&".join(f"{name}={value}" for name, value in ({"grant_type": "client_credentials"} | keyed.proof()).items())
    assert {asking.ask("POST", "/oauth/token/", form.encode())[0] for _ in range(4)} == {"200 OK"}
