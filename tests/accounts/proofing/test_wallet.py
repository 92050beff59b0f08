"""A digital ID: OpenID4VP with SD-JWT VC. What a wallet written on others' libraries shows, and everything wrong."""

import base64
import json
import shutil
import subprocess
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from django.core.cache import cache
from django.test import Client
from jwcrypto import jwk

from accounts.models import IdentityCheck, IdentityEvidence
from accounts.proofing import facts, policy
from accounts.proofing.policy import BackFacts, CheckFacts
from accounts.proofing.shapes import Shown, State
from accounts.proofing.verifier import jose, presentation, status, trust
from accounts.proofing.verifier.jose import NotGood
from ciam_portal.core import clock, fetch
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.decision import Allow, Deny
from ciam_portal.core.policy.identity import Identity
from tests import factories
from tests import wallet as home
from tests.accounts.proofing.conftest import Party, party
from tests.services import browser_is_required
from tests.wallet import Wallet

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
CLIENTS = Path(__file__).parents[2] / "clients"
URI = "https://issuer.example/status/1"
Change = Callable[[dict[str, Any]], None]


@pytest.fixture
def operator(tmp_path: Path, settings: Any) -> Callable[..., Wallet]:
    """An operator who trusts the issuer of this wallet."""
    settings.IDENTITY_DIR = str(tmp_path)

    def set_up(**said: Any) -> Wallet:
        wallet = Wallet()
        home.folder(tmp_path, said.pop("issuer", wallet.issuer), said.pop("at", NOON), **said)
        return wallet

    return set_up


class Asked:
    """One request, outside of any check, and a wallet's answer to it."""

    def __init__(self) -> None:
        self.kept = presentation.Kept.new()
        self.said = home.asked(presentation.request(self.kept, "https://portal.example/r/", NOON, NOON))
        self.key = self.said["client_metadata"]["jwks"]["keys"][0]

    def holds(self, presented: Any, **more: Any) -> Shown:
        token = presented if isinstance(presented, dict) else {"person": [presented]}
        answer = {"state": self.said["state"], "vp_token": token} | more
        return presentation.answer(home.encrypted(answer, self.key), self.kept, NOON)

    def shown(self, wallet: Wallet, credential: str = "", **how: Any) -> str:
        credential = credential or wallet.credential(NOON)
        return wallet.presented(credential, self.said["client_id"], self.said["nonce"], NOON, **how)


def puts(**values: Any) -> Change:
    return lambda claims: claims.update(values)


def drops(name: str) -> Change:
    return lambda claims: claims.__delitem__(name)


def why(verb: Callable[[], object]) -> str:
    with pytest.raises(NotGood) as caught:
        verb()
    return caught.value.code


def test_what_we_ask_for_is_signed_and_little(operator: Callable[..., Wallet]) -> None:
    operator()
    said = Asked().said
    assert said["response_mode"] == "direct_post.jwt"
    assert "redirect_uri" not in said
    (wanted,) = said["dcql_query"]["credentials"]
    assert [claim["path"] for claim in wanted["claims"]] == [["given_name"], ["family_name"], ["birthdate"]]
    assert wanted["require_cryptographic_holder_binding"] is True
    assert len(said["nonce"]) >= 22
    assert said["client_id"].startswith("x509_hash:")


def test_what_holds_is_shown(operator: Callable[..., Wallet]) -> None:
    wallet, asked = operator(), Asked()
    shown = asked.holds(asked.shown(wallet))
    assert (shown.name, shown.birth_date.isoformat(), shown.issuer) == ("Ada Lovelace", "1990-12-10", home.ISS)
    assert shown.expires_at == NOON + timedelta(days=90)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (puts(exp=int(NOON.timestamp())), "expired"),
        (drops("exp"), "expired"),
        (puts(exp="2030"), "expired"),
        (puts(exp=True), "expired"),
        (puts(nbf=int(NOON.timestamp()) + 301), "not_yet"),
        (puts(nbf="now"), "not_yet"),
        (puts(iss="https://else.example"), "unknown_issuer"),
        (drops("iss"), "unknown_issuer"),
        (puts(vct="https://issuer.example/other"), "not_for_this_issuer"),
        (drops("vct"), "not_for_this_issuer"),
        (drops("cnf"), "no_holder"),
        (puts(cnf={"kid": "x"}), "no_holder"),
        (puts(cnf={"jwk": {"kty": "oct", "k": "c2VjcmV0"}}), "no_holder"),
        (puts(_sd_alg="md5"), "unknown_hash"),
        (puts(_sd_alg="sha-512"), "wrong_sd_hash"),
        (puts(_sd=["x", "x"]), "digest_twice"),
        (puts(_sd=[]), "unreferenced"),
        (puts(_sd="x"), "reserved_name"),
        (puts(given_name="Eve"), "name_is_there"),
        (puts(inner={"_sd_alg": "sha-256"}), "reserved_name"),
        (puts(inner={"...": "x"}), "reserved_name"),
        (puts(inner=[{"...": "x", "a": 1}]), "reserved_name"),
        (puts(status={"status_list": {"idx": 0, "uri": URI}}), "status_elsewhere"),
        (puts(status={"status_list": {"idx": -1, "uri": URI}}), "no_status"),
        (puts(status={"status_list": {"idx": True, "uri": URI}}), "no_status"),
        (puts(status="x"), "no_status"),
    ],
)
def test_a_credential_that_does_not_hold(operator: Callable[..., Wallet], change: Change, code: str) -> None:
    wallet, asked = operator(), Asked()
    credential = wallet.credential(NOON, change=change)
    assert why(lambda: asked.holds(asked.shown(wallet, credential))) == code


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        (("salt", "_sd", []), "reserved_name"),
        (("salt", "...", "x"), "reserved_name"),
        (("salt", "cnf", {}), "name_is_there"),
        (("salt", "status", {}), "must_be_signed"),
        (("salt", "nbf", 1), "must_be_signed"),
        (("salt", 7, "x"), "reserved_name"),
        (("salt", "x"), "wrong_place"),
        (("salt",), "no_disclosure"),
        ((1, "x", "y"), "no_disclosure"),
    ],
)
def test_a_disclosure_that_does_not_hold(operator: Callable[..., Wallet], parts: Any, code: str) -> None:
    wallet, asked = operator(), Asked()
    credential = wallet.credential(NOON, more=(home.disclosure(*parts),))
    assert why(lambda: asked.holds(asked.shown(wallet, credential))) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (puts(nonce="x"), "wrong_nonce"),
        (drops("nonce"), "wrong_nonce"),
        (puts(aud="x509_hash:x"), "wrong_audience"),
        (lambda claims: claims.update(aud=[claims["aud"]]), "wrong_audience"),
        (lambda claims: claims.update(aud=claims["aud"].removeprefix("x509_hash:")), "wrong_audience"),
        (drops("aud"), "wrong_audience"),
        (puts(iat=int(NOON.timestamp()) - 301), "stale_binding"),
        (puts(iat=int(NOON.timestamp()) + 301), "stale_binding"),
        (drops("iat"), "stale_binding"),
        (puts(iat="x"), "stale_binding"),
        (puts(sd_hash="x"), "wrong_sd_hash"),
        (drops("sd_hash"), "wrong_sd_hash"),
    ],
)
def test_a_binding_that_does_not_hold(operator: Callable[..., Wallet], change: Change, code: str) -> None:
    wallet, asked = operator(), Asked()
    assert why(lambda: asked.holds(asked.shown(wallet, change=change))) == code


def test_whatever_else_is_wrong_with_what_is_presented(operator: Callable[..., Wallet]) -> None:
    wallet, asked = operator(), Asked()
    credential, good = wallet.credential(NOON), asked.shown(wallet)
    token, first, *rest = credential.split("~")
    stolen = Wallet(issuer=wallet.issuer)
    for presented, code in (
        (credential, "no_key_binding"),
        (token, "no_presentation"),
        (asked.shown(wallet, typ="JWT"), "wrong_kind"),
        (asked.shown(wallet, wallet.credential(NOON, typ="vc+sd-jwt")), "wrong_kind"),
        (asked.shown(stolen, credential), "not_signed"),  # the holder's key is another
        (asked.shown(Wallet()), "not_signed"),  # the issuer's key is another
        (asked.shown(wallet, "~".join([token, first, first, *rest])), "disclosed_twice"),
        (asked.shown(wallet, "~".join([token, "x", *rest])), "no_disclosure"),
        (asked.shown(wallet, "~".join([token, *rest])), "claims_missing"),
        (good.replace("~", f"~{home.disclosure('s', 'x', 'y')[0]}~", 1), "wrong_sd_hash"),
        ({}, "wrong_credentials"),
        ({"person": [good, good]}, "wrong_credentials"),
        ({"person": good}, "wrong_credentials"),
        ({"person": [good], "other": [good]}, "wrong_credentials"),
        ({"person": [7]}, "wrong_credentials"),
        ("x" * (jose.LONGEST + 1), "too_long"),
    ):
        assert why(lambda presented=presented: asked.holds(presented)) == code, code  # type: ignore[misc]
    for born in ("", "1990", "10.12.1990"):
        wallet.person["birthdate"] = born
        assert why(lambda: asked.holds(asked.shown(wallet))) == "claims_missing"
    assert why(lambda: asked.holds(good, state="x")) == "wrong_state"
    assert why(lambda: asked.holds(good, state=None)) == "wrong_state"


def test_an_answer_is_for_the_key_of_its_request_alone(operator: Callable[..., Wallet]) -> None:
    wallet, asked, other = operator(), Asked(), Asked()
    said = {"state": asked.said["state"], "vp_token": {"person": [asked.shown(wallet)]}}
    for text in (
        home.encrypted(said, other.key),
        home.encrypted(said, asked.key, kid="x"),
        home.encrypted(said, asked.key, enc="A128CBC-HS256"),
        home.encrypted(said, asked.key, alg="ECDH-ES+A128KW"),
        "a.b.c.d.e",
        "",
    ):
        assert why(lambda text=text: presentation.answer(text, asked.kept, NOON)) == "not_for_this_key"  # type: ignore[misc]
    assert presentation.answer(home.encrypted(said, asked.key, enc="A128GCM"), asked.kept, NOON).name == "Ada Lovelace"


@pytest.mark.parametrize(("days", "at"), [(0, NOON), (1, NOON + timedelta(days=1)), (1, NOON - timedelta(days=1))])
def test_a_trust_list_out_of_its_time_trusts_nobody(operator: Callable[..., Wallet], days: int, at: datetime) -> None:
    operator(days=days)
    assert why(lambda: trust.trusted(at)) == "trust_list_expired"


def test_a_trust_list_that_is_not_the_operators_trusts_nobody(
    operator: Callable[..., Wallet], tmp_path: Path, settings: Any
) -> None:
    operator(mechanism="whatever the token says")
    assert why(lambda: trust.trusted(NOON)) == "unknown_mechanism"
    operator()
    (tmp_path / "trust-key.json").write_text(home.new_key().export_public())
    assert why(lambda: trust.trusted(NOON)) == "not_signed"
    (tmp_path / "trust-list.jwt").unlink()
    assert why(lambda: trust.trusted(NOON)) == "no_trust_list"
    (tmp_path / "verifier.pem").unlink()
    assert why(trust.certificate) == "no_certificate"
    settings.IDENTITY_DIR = ""
    assert why(lambda: trust.trusted(NOON)) == "no_trust_list"


def test_an_issuer_by_its_certificate_is_one_that_the_anchor_issued(operator: Callable[..., Wallet]) -> None:
    anchor, other = home.certified("anchor", NOON), home.certified("anchor", NOON)
    anchored = anchor[1].public_bytes(Encoding.PEM).decode()
    wallet = operator(mechanism="x5c", anchor=anchored)
    listed, late = trust.trusted(NOON).issuer(home.ISS), NOON + timedelta(days=366)
    for by, code in ((anchor, ""), (other, "not_of_the_anchor"), (None, "not_of_the_anchor")):
        key, leaf = home.certified("issuer", NOON, by)
        header = {"x5c": [base64.b64encode(leaf.public_bytes(Encoding.DER)).decode()]}
        if code:
            assert why(lambda header=header: listed.may_have_signed(header, NOON)) == code  # type: ignore[misc]
        else:
            (found,) = listed.may_have_signed(header, NOON)
            assert found.thumbprint() == jwk.JWK.from_pyca(key.public_key()).thumbprint()
            assert why(lambda header=header: listed.may_have_signed(header, late)) == "certificate_expired"  # type: ignore[misc]
    assert why(lambda: listed.may_have_signed({}, NOON)) == "not_of_the_anchor"
    asked = Asked()
    assert why(lambda: asked.holds(asked.shown(wallet))) == "not_of_the_anchor"


@pytest.mark.parametrize(
    ("bits", "packed", "index", "value"),
    [
        (1, "78dadbb918000217015d", 0, 1), (1, "78dadbb918000217015d", 1, 0), (1, "78dadbb918000217015d", 15, 1),
        (2, "78da3be9f2130003df0207", 0, 1), (2, "78da3be9f2130003df0207", 1, 2), (2, "78da3be9f2130003df0207", 3, 3),
    ],
)  # fmt: skip
def test_the_vectors_of_the_status_list(bits: int, packed: str, index: int, value: int) -> None:
    listed = {"bits": bits, "lst": home.encoded(bytes.fromhex(packed))}
    assert status.value(listed, index) == value


@pytest.mark.parametrize(
    ("listed", "code"),
    [
        ({"bits": 1, "lst": home.encoded(zlib.compress(bytes(2)))}, "status_out_of_range"),
        ({"bits": 3, "lst": home.encoded(zlib.compress(bytes(9)))}, "no_status_list"),
        ({"bits": 1, "lst": "x"}, "no_status_list"),
        ({"bits": 1}, "no_status_list"),
        ({"bits": 1, "lst": home.encoded(zlib.compress(bytes(9))[:-6])}, "status_list_too_large"),
        ({"bits": 1, "lst": home.encoded(zlib.compress(bytes(17 * 1024 * 1024)))}, "status_list_too_large"),
    ],
)
def test_a_status_list_that_does_not_hold(listed: dict[str, Any], code: str) -> None:
    assert why(lambda: status.value(listed, 16)) == code


@pytest.mark.parametrize(
    ("value", "change", "code"),
    [
        (0, {}, ""),
        (1, {}, "revoked"),
        (2, {}, "revoked"),
        (3, {}, "revoked"),
        (0, {"sub": "https://issuer.example/status/2"}, "another_status_list"),
        (0, {"exp": int(NOON.timestamp())}, "status_list_expired"),
        (0, {"iat": int(NOON.timestamp()) + 301}, "status_list_expired"),
        (0, {"iat": None}, "status_list_expired"),
        (0, {"status_list": None}, "no_status_list"),
    ],
)
def test_what_its_issuer_says_of_it_now(
    operator: Callable[..., Wallet], monkeypatch: pytest.MonkeyPatch, value: int, change: dict[str, Any], code: str
) -> None:
    cache.clear()
    wallet, listed = operator(status_hosts=["issuer.example"]), home.encoded(zlib.compress(bytes([value << 6])))
    said = {"sub": URI, "iat": int(NOON.timestamp()), "ttl": 60, "status_list": {"bits": 2, "lst": listed}} | change
    token = home.sign(said, wallet.issuer, "statuslist+jwt")
    monkeypatch.setattr(fetch, "get", lambda _url, *, most: token.encode())
    asked = Asked()
    credential = wallet.credential(NOON, change=puts(status={"status_list": {"idx": 3, "uri": URI}}))
    if code:
        assert why(lambda: asked.holds(asked.shown(wallet, credential))) == code
    else:
        assert asked.holds(asked.shown(wallet, credential)).name
    assert why(lambda: asked.holds(asked.shown(wallet))) == "no_status"


CHECK = CheckFacts(uuid4(), State.NOTED, NOON + timedelta(days=1))


@pytest.mark.parametrize(
    ("facts_", "answer"),
    [
        (BackFacts(CHECK, is_theirs=True, has_code=True), Allow()),
        (BackFacts(CHECK, is_theirs=False, has_code=True), Deny(policy.Reason.NOT_CONFIRMED)),
        (BackFacts(CHECK, is_theirs=True, has_code=False), Deny(policy.Reason.NOT_CONFIRMED)),
        (BackFacts(is_theirs=True, has_code=True), Deny(policy.Reason.OVER)),
    ],
)
def test_may_bring_back(facts_: BackFacts, answer: object) -> None:
    assert policy.may_bring_back(facts_, limits=limits.load(), at=NOON) == answer


# --- through the pages


def begun(who: Party) -> tuple[IdentityCheck, dict[str, Any], str]:
    """The check, what the request says, and the request."""
    page = who.client.post("/identity/wallet/start/").content.decode()
    check = IdentityCheck.objects.get(customer=who.user)
    assert f"%2Fidentity%2Fwallet%2F{check.pk}%2Frequest%2F" in page
    text = Client().get(f"/identity/wallet/{check.pk}/request/").content.decode()
    return check, home.asked(text), text


def posted(check: IdentityCheck, **sent: Any) -> Any:
    return Client(enforce_csrf_checks=True).post(f"/identity/wallet/{check.pk}/response/", sent)


def back(address: str) -> str:
    parts = urlsplit(address)
    assert parse_qs(parts.query)["response_code"]
    return f"{parts.path}?{parts.query}"


@pytest.mark.django_db
def test_a_wallet_of_others_confirms_who_somebody_is(ada: Party, operator: Callable[..., Wallet]) -> None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        if browser_is_required():
            pytest.fail("no Node.js found: install it (Debian: nodejs, npm)")
        pytest.skip("no Node.js found")
    if not (CLIENTS / "node_modules" / "@sd-jwt").exists():
        subprocess.run([npm, "ci", "--silent"], cwd=CLIENTS, check=True)
    wallet = operator(at=clock.now())
    check, said, text = begun(ada)
    issuer = {"key": wallet.issuer.export(as_dict=True), "iss": home.ISS, "vct": home.VCT}
    sent = json.dumps({"request": text, "issuer": issuer, "claims": home.PERSON})
    done = subprocess.run([node, "wallet.mjs"], cwd=CLIENTS, input=sent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answered = posted(check, response=json.loads(done.stdout)["response"])
    assert answered.status_code == HTTPStatus.OK
    assert said["response_uri"].endswith(f"/identity/wallet/{check.pk}/response/")
    ada.client.get(back(answered.json()["redirect_uri"]))
    assert facts.person(IdentityEvidence.objects.get()).name == "Ada Lovelace"
    assert facts.level(ada.user, clock.now()) is Identity.DOCUMENT


@pytest.mark.django_db
def test_it_counts_once_and_only_in_the_browser_that_began(ada: Party, operator: Callable[..., Wallet]) -> None:
    wallet = operator(at=clock.now())
    check, said, _text = begun(ada)
    for sent in ({}, {"response": "x"}, {"vp_token": "x"}, {"response": "x", "state": said["state"]}, {"error": "x"}):
        assert posted(check, **sent).status_code == HTTPStatus.BAD_REQUEST
    response = home.answer(wallet, said, clock.now())
    answered = posted(check, response=response)
    assert "no-store" in answered["Cache-Control"]
    assert posted(check, response=response).status_code == HTTPStatus.BAD_REQUEST  # again
    assert Client().get(f"/identity/wallet/{check.pk}/request/").status_code == HTTPStatus.NOT_FOUND
    path = back(answered.json()["redirect_uri"])
    assert party().client.get(path).status_code == HTTPStatus.NOT_FOUND
    ada.client.get(path.split("?")[0] + "?response_code=x")
    elsewhere = Party(ada.user, ada.session, ada.by, Client())
    factories.signed_in(elsewhere.client, ada.user, (Method.PASSWORD, Method.TOTP))
    elsewhere.client.get(path)
    assert not IdentityEvidence.objects.exists()
    ada.client.get(path)
    ada.client.get(path)
    assert IdentityEvidence.objects.count() == 1


@pytest.mark.django_db
def test_a_wallet_whose_owner_says_no_ends_it(ada: Party, operator: Callable[..., Wallet]) -> None:
    operator(at=clock.now())
    check, said, _text = begun(ada)
    assert posted(check, error="access_denied", state="x").status_code == HTTPStatus.BAD_REQUEST
    assert posted(check, error="access_denied", state=said["state"]).status_code == HTTPStatus.OK
    check.refresh_from_db()
    assert (check.state, check.sealed) == (State.FAILED, "")


@pytest.mark.django_db
def test_without_a_trust_list_no_wallet_is_offered(ada: Party, settings: Any) -> None:
    settings.IDENTITY_DIR = ""
    assert "wallet" not in ada.client.get("/identity/").content.decode()
    ada.client.post("/identity/wallet/start/")
    assert not IdentityCheck.objects.exists()
