"""Verified claims (OpenID Connect for Identity Assurance 1.0): what a partner asks for of them, and what meets that.

A request names members of ``verification`` and ``claims``, and may say what they have to be. What the verification
cannot meet leaves the whole element out, a claim that does not meet it leaves out that claim; neither is an error.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

CLAIM, EVIDENCE = "verified_claims", "verified_claims/evidence"
CLAIMS = ("name", "birthdate")
DOCUMENT, RECORD = "document", "electronic_record"
DOCUMENTS = ("passport", "idcard", "residence_permit", "driving_permit")
RECORDS = ("digital_id", "identity_service")
DOCUMENT_CHECKS = ("vpip", "pvp", "vri", "pvr")
"""Document and person looked at in one room, or in a video call."""
RECORD_CHECK = "vcrypt"
"""A signature was verified."""
Request = dict[str, Any]
PLAIN: Request = {
    "verification": {"trust_framework": None, "assurance_level": None, "time": None, "evidence": None},
    "claims": dict.fromkeys(CLAIMS),
}
"""What the scopes open, where no request says it."""
_DEEPEST = 6
_UNMET = object()


class Unreadable(ValueError):
    """A request that says nothing, or nothing that can be. The text says what is wrong."""


def read(said: Any) -> list[Request]:  # noqa: ANN401  (JSON)
    """The requests, of which there may be several. Raises Unreadable."""
    asked = said if isinstance(said, list) else [said]
    if not asked:
        raise Unreadable(f"{CLAIM} is empty")
    for each in asked:
        _check(each)
    return asked


def written(asked: list[Request]) -> str:
    """To be kept with a token."""
    return json.dumps(asked, separators=(",", ":"))


def wants_evidence(asked: list[Request]) -> bool:
    """Whether one of them asks for it."""
    return any("evidence" in each["verification"] for each in asked)


def met(asked: Request, held: Mapping[str, Any], at: datetime) -> dict[str, Any] | None:
    """What of this element is asked for; None if it is not what was asked for, or none of the claims is there."""
    verification = _part(asked["verification"], held["verification"], at)
    named = {name: asked["claims"][name] for name in CLAIMS if name in asked["claims"] and name in held["claims"]}
    parts = {name: _part(wish, held["claims"][name], at) for name, wish in named.items()}
    claims = {name: part for name, part in parts.items() if part is not _UNMET}
    return {"verification": verification, "claims": claims} if claims and verification is not _UNMET else None


def _part(asked: Any, held: Any, at: datetime) -> Any:  # noqa: ANN401  (JSON)
    """What of it is asked for; None if there is nothing of it, ``_UNMET`` if it is not what was asked for."""
    if held is None:
        return _UNMET if _limits(asked) else None
    match asked, held:
        case None, _:
            return held
        case dict(), dict():
            return _members(asked, held, at)
        case list(), list():
            found = [
                next((part for each in asked if (part := _part(each, one, at)) is not _UNMET), _UNMET) for one in held
            ]
            return [part for part in found if part is not _UNMET] or _UNMET
        case dict(), str():
            return held if _is_one_of(asked, held, at) else _UNMET
    return _UNMET


def _members(asked: Request, held: Mapping[str, Any], at: datetime) -> Any:  # noqa: ANN401  (JSON)
    wishes = {name: wish for name, wish in asked.items() if name not in _SAYS}
    if not wishes:
        return _UNMET if _limits(asked) else held
    parts = {name: _part(wish, held.get(name), at) for name, wish in wishes.items()}
    if any(part is _UNMET for part in parts.values()):
        return _UNMET
    return {name: part for name, part in parts.items() if part is not None} or None


def _is_one_of(asked: Request, held: str, at: datetime) -> bool:
    if "max_age" in asked and (at - datetime.fromisoformat(held)).total_seconds() > asked["max_age"]:
        return False
    return asked.get("value", held) == held and held in asked.get("values", [held])


def _limits(asked: Any) -> bool:  # noqa: ANN401  (JSON)
    """Whether not everything would do."""
    if isinstance(asked, list):
        return any(_limits(each) for each in asked)
    return isinstance(asked, dict) and any(name in _LIMITS or _limits(each) for name, each in asked.items())


def _check(said: Any) -> None:  # noqa: ANN401  (JSON)
    if not isinstance(said, dict):
        raise Unreadable(f"{CLAIM} is an object, or a list of objects")
    verification, claims = said.get("verification"), said.get("claims")
    if not isinstance(verification, dict) or "trust_framework" not in verification:
        raise Unreadable(f"{CLAIM} has no verification with a trust_framework")
    if not isinstance(claims, dict) or not claims:
        raise Unreadable(f"{CLAIM} has no claims")
    _check_member("verification", verification, _DEEPEST)
    _check_member("claims", claims, _DEEPEST)
    for each in verification.get("evidence") or ():
        kind = each.get("type")
        if not isinstance(kind, dict) or not isinstance(kind.get("value"), str):
            raise Unreadable(f"{CLAIM}: each evidence says its type, by value")


def _check_member(name: str, said: Any, deep: int) -> None:  # noqa: ANN401  (JSON)
    """A member is null, says what it has to be, or has members itself, in evidence several times."""
    if said is None:
        return
    parts = said if name in _LISTS and isinstance(said, list) else [said] if name not in _LISTS else []
    if not deep or not parts or not all(isinstance(each, dict) for each in parts):
        raise Unreadable(f"{CLAIM} is malformed, or too deep")
    for inner, wish in ((inner, wish) for each in parts for inner, wish in each.items()):
        if inner not in _SAYS:
            _check_member(inner, wish, deep - 1)
        elif not _SAYS[inner](wish) or (inner == "max_age" and name != "time"):
            raise Unreadable(f"{CLAIM}: {inner} is malformed")


def _is_number(said: Any) -> bool:  # noqa: ANN401  (JSON)
    return isinstance(said, int) and not isinstance(said, bool) and said >= 0


_LISTS = frozenset({"evidence", "check_details", "assurance_details"})
_LIMITS = frozenset({"value", "values", "max_age"})
_SAYS: Mapping[str, Callable[[Any], bool]] = {
    "value": lambda said: isinstance(said, str),
    "values": lambda said: isinstance(said, list) and all(isinstance(each, str) for each in said),
    "max_age": _is_number,
    "essential": lambda said: isinstance(said, bool),
    "purpose": lambda said: isinstance(said, str),
}
"""What is said of a member, and how. ``essential`` and ``purpose`` change nothing (a partner is told what there is)."""
