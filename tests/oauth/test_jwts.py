"""What brings its own key is believed about nothing but that key, and costs no more than one signature to look at."""

import base64
import json
from typing import Any

import pytest
from jwcrypto import jwk, jws

from accounts.proofing.verifier import jose
from ciam_portal.oauth import jwts
from tests.oauth.keyed import new_key

KIND = "dpop+jwt"


def text(value: Any) -> str:
    return (
        base64.urlsafe_b64encode(value if isinstance(value, bytes) else json.dumps(value).encode()).decode().strip("=")
    )


def shown(key: Any, algorithm: str = "ES256", /, **header: Any) -> Any:
    said = {"alg": algorithm, "typ": KIND, "jwk": key.export_public(as_dict=True)} | header
    made = jws.JWSCore(algorithm, key, json.dumps(said), json.dumps({"a": 1}), [algorithm]).sign()  # whatever it says
    return jwts.self_signed(f"{made['protected']}.{made['payload'].decode()}.{made['signature']}", kind=KIND)


@pytest.fixture
def makes_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jwk.JWK, "generate_key", lambda *_, **__: pytest.fail("a key was made"))


TOLD_TO_MAKE_ONE = {"generate": "RSA", "size": 16384, "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}


@pytest.mark.usefixtures("makes_none")
def test_no_key_is_made_because_somebody_says_so() -> None:
    head = {"alg": "ES256", "typ": KIND, "jwk": TOLD_TO_MAKE_ONE}
    assert jwts.self_signed(f"{text(head)}.{text({})}.AA", kind=KIND) is None
    with pytest.raises(jwts.UnusableKeys):
        jwts.key_set({"keys": [{"generate": "oct", "size": 8_000_000_000}]})


def test_none_is_made_for_what_a_wallet_encrypts(monkeypatch: pytest.MonkeyPatch) -> None:
    key = jose.new_encryption_key()
    monkeypatch.setattr(jwk.JWK, "generate_key", lambda *_, **__: pytest.fail("a key was made"))
    head = {"alg": jose.AGREEMENT, "enc": "A256GCM", "kid": jose.public_half(key)["kid"], "epk": TOLD_TO_MAKE_ONE}
    with pytest.raises(jose.NotGood):
        jose.decrypt(f"{text(head)}..{text(bytes(12))}.{text(bytes(8))}.{text(bytes(16))}", key)


@pytest.mark.parametrize("algorithm", ["ES256", "PS256", "EdDSA"])
def test_one_of_each_kind_says_which_key_signed_it(algorithm: str) -> None:
    key = new_key(algorithm)
    found = shown(key, algorithm)
    assert (found[0].thumbprint(), found[1]) == (key.thumbprint(), {"a": 1})


HEADERS: list[dict[str, Any]] = [
    {"jwk": []}, {"jwk": "x"}, {"jwk": 5}, {"jwk": {}}, {"typ": ["dpop+jwt"]}, {"kid": 5}, {"kid": []},
    {"crit": ["exp"], "exp": 1}, {"crit": "x"},
    {"b64": "no", "crit": ["b64"]}, {"alg": "HS256"}, {"alg": ["ES256"]}, {"alg": None},
]  # fmt: skip


@pytest.mark.parametrize("header", HEADERS, ids=str)
def test_a_header_that_is_not_as_it_should_be_is_no_proof(header: dict[str, Any]) -> None:
    assert shown(new_key(), **header) is None


@pytest.mark.parametrize(
    "member",
    [{"use": "enc"}, {"alg": "RS256"}, {"alg": "none"}, {"key_ops": ["sign"]}, {"kty": ["RSA"]}],
    ids=str,
)
def test_a_key_that_is_not_for_this_signs_nothing(member: dict[str, Any]) -> None:
    key = new_key("PS256")
    assert shown(key, "PS256", jwk=key.export_public(as_dict=True) | member) is None
    with pytest.raises(jwts.UnusableKeys):
        jwts.key_set({"keys": [key.export_public(as_dict=True) | member]})


def test_the_same_key_written_otherwise_is_the_same_and_another_never() -> None:
    key, other = new_key(), new_key()
    public, theirs = key.export_public(as_dict=True), other.export_public(as_dict=True)
    turned = dict(reversed(list(public.items()))) | {"more": 1}
    assert shown(key, jwk=turned)[0].thumbprint() == key.thumbprint()
    for _ in range(2):  # whatever is remembered of the one says nothing of the other
        assert shown(key, jwk=public | {"x": theirs["x"], "y": theirs["y"]}) is None
        assert shown(key, jwk=public | {"y": theirs["y"]}) is None
        assert shown(key)[0].thumbprint() == key.thumbprint()


@pytest.mark.parametrize(
    "wrong",
    [
        "", "..", "a.b", "a.b.c.d", '{"payload":"e30","signatures":[{"protected":"x..","signature":"x"}]}',
        f"{text([])}.{text({})}.AA", f"{text(5)}.{text({})}.AA",
        f"{text({'typ': KIND, 'jwk': {'kty': 'EC'}})}.{text({})}.AA", f"{'W' * 4000}.e30.AA", "x" * 9000,
    ],
    ids=range(10),
)  # fmt: skip
def test_what_is_no_token_proves_nothing(wrong: str) -> None:
    assert jwts.self_signed(wrong, kind=KIND) is None
    assert jwts.unverified(wrong)[1] in ({}, None)
    assert jwts.read(wrong, lambda _kid: [new_key()], algorithms=jwts.ALGORITHMS, kinds=(KIND,)) is None


@pytest.mark.parametrize("claims", [b'{"jti": "\\ud800"}', '{"jti": "\ud800"}'.encode("utf-8", "surrogatepass"), b"[]"])
def test_what_is_no_text_is_not_said(claims: bytes) -> None:
    key = new_key()
    head = {"alg": "ES256", "typ": KIND, "jwk": key.export_public(as_dict=True)}
    made = jws.JWSCore("ES256", key, json.dumps(head), claims, ["ES256"]).sign()
    token = f"{made['protected']}.{made['payload'].decode()}.{made['signature']}"
    assert jwts.self_signed(token, kind=KIND) is None
    assert jwts.unverified(token) == ({}, {})


@pytest.mark.parametrize("spelled", ["{}=", "{}==", "{}\n", " {}", "{}!", "{}.", "{}A"])
def test_a_token_has_one_spelling(spelled: str) -> None:
    key = new_key()
    header = {"alg": "ES256", "typ": KIND, "jwk": key.export_public(as_dict=True)}
    made = jws.JWSCore("ES256", key, json.dumps(header), json.dumps({"a": 1}), ["ES256"]).sign()
    token = f"{made['protected']}.{made['payload'].decode()}.{made['signature']}"
    assert jwts.self_signed(token, kind=KIND)
    assert jwts.self_signed(spelled.format(token), kind=KIND) is None
    head, payload, signature = token.split(".")
    assert jwts.self_signed(f"{head}=.{payload}.{signature}", kind=KIND) is None


@pytest.mark.parametrize(
    "unusable", [{"key_ops": ["deriveKey"]}, {"y": "AA"}, {"kty": "OKP", "crv": "Ed25519", "x": "AA"}], ids=str
)
def test_a_key_that_verifies_nothing_hides_no_other(unusable: dict[str, Any]) -> None:
    key = new_key()
    other = {name: value for name, value in new_key().export_public(as_dict=True).items() if name != "kid"} | unusable
    keys = jwts.key_set({"keys": [other, key.export_public(as_dict=True)]})
    token = jwts.sign({"a": 1}, key, kind=KIND)
    assert jwts.read(token, lambda _kid: keys, algorithms=jwts.ALGORITHMS, kinds=(KIND,)) == {"a": 1}


def test_a_key_beyond_all_measure_signs_nothing() -> None:
    head = {"alg": "PS256", "typ": KIND, "jwk": {"kty": "RSA", "e": "AQAB", "n": text(b"\xff" * 4000)}}
    assert jwts.self_signed(f"{text(head)}.{text({})}.{text(b'x' * 400)}", kind=KIND) is None
