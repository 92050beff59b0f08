"""An outside service that says, signed, whom it has seen: what holds; what is forged, replayed, late or another's."""

from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from accounts.models import IdentityCheck, IdentityEvidence
from accounts.proofing import facts
from accounts.proofing.shapes import State
from accounts.proofing.verifier import statement, trust
from accounts.proofing.verifier.jose import NotGood
from ciam_portal.core import clock
from ciam_portal.core.policy.identity import Identity
from tests import wallet as home
from tests.accounts.proofing.conftest import Party, party

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
ISS, KIND = "https://service.example", "identity-statement+jwt"
US, REFERENCE = "https://portal.example", "check 1"


@pytest.fixture
def key(tmp_path: Path, settings: Any) -> Any:
    """That of a service that the operator relies on."""
    settings.IDENTITY_DIR, made = str(tmp_path), home.new_key()
    home.service(tmp_path, made, "https://service.example/start", iss=ISS)
    return made


def stamp(**after: int) -> dict[str, int]:
    return {name: int(NOON.timestamp()) + seconds for name, seconds in after.items()}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, ""),
        ({"iss": "https://else.example"}, "wrong_iss"),
        ({"aud": "https://else.example"}, "wrong_aud"),
        ({"aud": [US]}, "wrong_aud"),
        ({"nonce": "x"}, "wrong_nonce"),
        ({"nonce": None}, "wrong_nonce"),
        ({"reference": "check 2"}, "wrong_reference"),
        ({"sub": "somebody else"}, "wrong_sub"),
        (stamp(exp=0), "out_of_time"),
        (stamp(exp=301), "out_of_time"),
        (stamp(exp=300), ""),
        (stamp(iat=11), "out_of_time"),
        (stamp(iat=-300, exp=0), "out_of_time"),
        ({"exp": None}, "out_of_time"),
        ({"iat": "now"}, "out_of_time"),
        ({"name": ""}, "claims_missing"),
        ({"name": 7}, "claims_missing"),
        ({"birth_date": "10.12.1990"}, "claims_missing"),
        ({"expires_on": None}, "claims_missing"),
        ({"number": "x" * 201}, "claims_missing"),
    ],
)
def test_a_statement(key: Any, change: dict[str, Any], code: str) -> None:
    service, kept = trust.service(), statement.Kept.new()
    assert service is not None
    asked = {"reference": REFERENCE, "nonce": kept.nonce, "sub": kept.sub, "aud": US}

    def read(said: dict[str, Any], by: Any = key, kind: str = KIND) -> Any:
        return statement.read(home.sign(said, by, kind), service, kept, reference=REFERENCE, audience=US, at=NOON)

    said = home.stated(asked, ISS, NOON) | change
    if not code:
        assert read(said).name == "Ada Lovelace"
        assert read(said | {"confirmed": False}) is None
        assert read(said | {"confirmed": "yes"}) is None
        for by, kind in ((home.new_key(), KIND), (key, "JWT")):
            with pytest.raises(NotGood):
                read(said, by, kind)
        return
    with pytest.raises(NotGood) as caught:
        read(said)
    assert caught.value.code == code


def begun(who: Party) -> tuple[IdentityCheck, dict[str, str]]:
    page = who.client.post("/identity/service/start/").content.decode()
    check = IdentityCheck.objects.get(customer=who.user)
    address = page.split('href="https://service.example/start?')[1].split('"')[0].replace("&amp;", "&")
    return check, {name: values[0] for name, values in parse_qs(address).items()}


def posted(check: IdentityCheck, text: str) -> Any:
    return Client(enforce_csrf_checks=True).post(f"/identity/services/{check.pk}/callback/", {"statement": text})


@pytest.mark.django_db
def test_a_service_confirms_whom_we_sent_in_the_browser_that_was_sent(ada: Party, key: Any) -> None:
    check, asked = begun(ada)
    bob = party()
    other, of_bob = begun(bob)
    good = home.sign(home.stated(asked, ISS, clock.now()), key, KIND)
    assert posted(other, good).status_code == HTTPStatus.BAD_REQUEST  # about somebody else
    forged = home.sign(home.stated(asked, ISS, clock.now()), home.new_key(), KIND)
    for text in ("", "x.y.z", forged, "x" * 70_000):
        assert posted(check, text).status_code == HTTPStatus.BAD_REQUEST
    answered = posted(check, good)
    assert posted(check, good).status_code == HTTPStatus.BAD_REQUEST  # replayed
    parts = urlsplit(answered.json()["redirect_uri"])
    assert bob.client.get(f"{parts.path}?{parts.query}").status_code == HTTPStatus.NOT_FOUND
    assert not IdentityEvidence.objects.exists()
    ada.client.get(f"{parts.path}?{parts.query}")
    assert facts.level(ada.user, clock.now()) is Identity.DOCUMENT
    refused = home.sign(home.stated(of_bob, ISS, clock.now(), confirmed=False), key, KIND)
    assert posted(other, refused).status_code == HTTPStatus.OK
    other.refresh_from_db()
    assert other.state == State.FAILED


@pytest.mark.django_db
def test_without_a_service_none_is_offered(ada: Party, key: Any, tmp_path: Path) -> None:
    def offered() -> bool:
        return "/identity/service/start/" in ada.client.get("/identity/").content.decode()

    assert offered()
    for said in ("{}", "x", '{"title": "x", "iss": "x", "url": "javascript:x", "jwks": {}, "strength": "strong"}'):
        (tmp_path / "service.json").write_text(said)
        assert not offered()
