"""An SD-JWT VC with key binding, as a wallet presents it: believed only if all of it holds (RFC 9901 section 7.3)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.proofing.verifier import jose, status
from accounts.proofing.verifier.jose import NotGood
from accounts.proofing.verifier.trust import Issuer, TrustList
from ciam_portal.core import base64url, strictjson

KIND, BINDING = "dc+sd-jwt", "kb+jwt"
_SIGNED_ONLY = frozenset({"iss", "nbf", "exp", "cnf", "vct", "status"})
_HASHES = {"sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512"}
_SKEW = timedelta(minutes=5)
_MOST_DISCLOSED = 100
_IN_OBJECT, _IN_ARRAY = 3, 2


@dataclass(frozen=True, slots=True)
class Credential:
    """What holds of it."""

    issuer: Issuer
    vct: str
    claims: dict[str, Any]
    expires_at: datetime


def read(presented: str, trusted: TrustList, *, audience: str, nonce: str, at: datetime) -> Credential:
    """What this presentation says, to us, for this request. Raises NotGood."""
    if len(presented) > jose.LONGEST or presented.count("~") < 1:
        raise NotGood("no_presentation")
    token, *disclosures, binding = presented.split("~")
    issuer = trusted.issuer(jose.said(token).claims.get("iss"))
    signed = jose.verified(token, issuer.may_have_signed(jose.said(token).header, at), KIND).claims
    if not binding:
        raise NotGood("no_key_binding")
    _bound(presented, binding, signed, audience=audience, nonce=nonce, at=at)
    expires_at = _in_time(signed, at)
    if signed.get("vct") not in issuer.vct:
        raise NotGood("not_for_this_issuer")
    status.valid(signed.get("status"), issuer, at)
    return Credential(issuer, signed["vct"], disclosed(signed, disclosures), expires_at)


def _in_time(signed: dict[str, Any], at: datetime) -> datetime:
    expires = instant(signed.get("exp"))
    if expires is None or at >= expires:
        raise NotGood("expired")
    if "nbf" in signed and (begins := instant(signed["nbf"])) is not None and at + _SKEW < begins:
        raise NotGood("not_yet")
    if "nbf" in signed and instant(signed["nbf"]) is None:
        raise NotGood("not_yet")
    return expires


def instant(value: object) -> datetime | None:
    """A time as tokens say it; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _bound(presented: str, binding: str, signed: dict[str, Any], *, audience: str, nonce: str, at: datetime) -> None:
    """By our policy, whatever the token says of itself: its holder shows it now, to us, and exactly this of it."""
    said = jose.verified(binding, [jose.holders_key(signed.get("cnf"))], BINDING).claims
    if said.get("nonce") != nonce:
        raise NotGood("wrong_nonce")
    if said.get("aud") != audience:  # one value, with its prefix; a list is none
        raise NotGood("wrong_audience")
    made = instant(said.get("iat"))
    if made is None or abs(at - made) > _SKEW:
        raise NotGood("stale_binding")
    exactly = presented[: presented.rindex("~") + 1].encode("ascii", "replace")
    if said.get("sd_hash") != jose.hash_of(exactly, _hash(signed)):
        raise NotGood("wrong_sd_hash")


def _hash(signed: dict[str, Any]) -> str:
    known = _HASHES.get(signed.get("_sd_alg", "sha-256"))
    if known is None:
        raise NotGood("unknown_hash")
    return known


def disclosed(signed: dict[str, Any], disclosures: list[str]) -> dict[str, Any]:
    """The claims, with those that were disclosed put where their digests stand. Raises NotGood."""
    if len(disclosures) > _MOST_DISCLOSED:
        raise NotGood("too_many")
    algorithm = _hash(signed)
    found: dict[str, list[Any]] = {}
    for each in disclosures:
        digest = jose.hash_of(each.encode("ascii", "replace"), algorithm)
        if digest in found:
            raise NotGood("disclosed_twice")
        found[digest] = _disclosure(each)
    place = _Place(found)
    shown = {name: value for name, value in signed.items() if name != "_sd_alg"}
    claims = place.whole(shown, top=True)
    if place.used != set(found):
        raise NotGood("unreferenced")
    return claims


def _disclosure(text: str) -> list[Any]:
    try:
        said = strictjson.loads(base64url.decode(text))
    except ValueError:
        raise NotGood("no_disclosure") from None
    if not isinstance(said, list) or len(said) not in {_IN_OBJECT, _IN_ARRAY} or not isinstance(said[0], str):
        raise NotGood("no_disclosure")
    return said


class _Place:
    """Puts what was disclosed in its place; every digest counts once in all of it."""

    def __init__(self, found: dict[str, list[Any]]) -> None:
        self._found, self._seen, self.used = found, set[str](), set[str]()

    def whole(self, value: dict[str, Any], *, top: bool = False) -> dict[str, Any]:
        """An object, of the top or any level below."""
        digests = value.get("_sd", [])
        if not isinstance(digests, list) or "..." in value or "_sd_alg" in value:
            raise NotGood("reserved_name")
        found = {name: self.any(each) for name, each in value.items() if name != "_sd"}
        for digest in digests:
            said = self._take(digest, _IN_OBJECT)
            if said is None:
                continue
            _salt, name, inner = said
            if not isinstance(name, str) or name in {"_sd", "..."}:
                raise NotGood("reserved_name")
            if name in found:
                raise NotGood("name_is_there")
            if top and name in _SIGNED_ONLY:
                raise NotGood("must_be_signed")
            found[name] = self.any(inner)
        return found

    def any(self, value: Any) -> Any:  # noqa: ANN401  (JSON)
        """Whatever it is."""
        if isinstance(value, dict):
            return self.whole(value)
        if isinstance(value, list):
            return [each for item in value for each in self._item(item)]
        return value

    def _item(self, item: Any) -> list[Any]:  # noqa: ANN401  (JSON)
        if not isinstance(item, dict) or "..." not in item:
            return [self.any(item)]
        if set(item) != {"..."}:
            raise NotGood("reserved_name")
        said = self._take(item["..."], _IN_ARRAY)
        return [] if said is None else [self.any(said[1])]

    def _take(self, digest: object, size: int) -> list[Any] | None:
        """What was disclosed for this digest; None for one that was not, or is a decoy."""
        if not isinstance(digest, str) or digest in self._seen:
            raise NotGood("digest_twice")
        self._seen.add(digest)
        said = self._found.get(digest)
        if said is None:
            return None
        if len(said) != size:
            raise NotGood("wrong_place")
        self.used.add(digest)
        return said
