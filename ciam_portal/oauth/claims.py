"""The ``claims`` parameter (OpenID Connect Core section 5.5): single fields that a partner names, and for where.

A field named so is kept as ``userinfo:email`` or ``id_token:email``, and released as far as the customer allows the
scope that it is part of. Essential ones are no others: a partner is told what there is (section 5.5.1). What is said of
``verified_claims`` is kept behind its place as it was said.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ciam_portal.core.policy.assurance import ACR_VALUES, Level
from ciam_portal.oauth import verified
from ciam_portal.oauth.scopes import SCOPES

USERINFO, ID_TOKEN = "userinfo", "id_token"
_LEVELS = {level.acr: level for level in Level if level.acr in ACR_VALUES}
SCOPE_OF = {claim: scope.name for scope in SCOPES.values() if not scope.required for claim in scope.claims}
"""Of which scope each claim is part."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was said, for each of the two places."""

    userinfo: dict[str, Any]
    id_token: dict[str, Any]

    @property
    def subject(self) -> str:
        """The only customer that is meant, if one is."""
        value = _wish(self.id_token.get("sub")).get("value", "")
        return value if isinstance(value, str) else ""

    @property
    def asks_level(self) -> bool:
        """Whether it says which ``acr`` would do."""
        return bool(self._levels())

    def level(self, acr_values: str) -> tuple[Level | None, bool]:
        """The lowest of the levels that would do, and whether one must; a level that is not ours cannot be given.

        ``acr_values`` is the parameter of that name: a wish, of which the claim says more.
        """
        essential = _wish(self.id_token.get("acr")).get("essential") is True
        wanted = self._levels() or ([] if essential else acr_values.split())
        known = [_LEVELS[value] for value in wanted if isinstance(value, str) and value in _LEVELS]
        return min(known, default=None), essential

    def _levels(self) -> list[Any]:
        acr = _wish(self.id_token.get("acr"))
        listed = acr.get("values", [acr["value"]] if "value" in acr else [])
        return listed if isinstance(listed, list) else []

    def fields(self, ceiling: Iterable[str]) -> tuple[str, ...]:
        """The fields that are named, of those that the partner may ask for; others are ignored."""
        open_to_it = [claim for claim, scope in SCOPE_OF.items() if scope in set(ceiling)]
        places = {USERINFO: self.userinfo, ID_TOKEN: self.id_token}
        return tuple(
            f"{place}:{each}" for place, named in places.items() for each in (*_named(named, open_to_it), *_kept(named))
        )


def read(text: str) -> Wanted | None:
    """What the parameter says; None if it cannot be read. Raises verified.Unreadable, which says what is wrong."""
    try:
        said = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    places = [said.get(name) or {} for name in (USERINFO, ID_TOKEN)]
    if not all(isinstance(place, dict) for place in places):
        return None
    for place in places:
        _verified(place)
    return Wanted(*places)


def named_for(place: str, fields: Iterable[str]) -> dict[str, str]:
    """The fields that were named for one place, each with the scope that it is part of."""
    names = [field.removeprefix(f"{place}:") for field in fields if field.startswith(f"{place}:")]
    return {name: SCOPE_OF[name] for name in names if name in SCOPE_OF}


def scopes_behind(fields: Iterable[str]) -> tuple[str, ...]:
    """The scopes that named fields are part of."""
    fields = tuple(fields)
    return tuple(dict.fromkeys(scope for place in (USERINFO, ID_TOKEN) for scope in named_for(place, fields).values()))


def asked(place: str, fields: Iterable[str]) -> list[verified.Request]:
    """What was said of ``verified_claims`` for one place; of nothing, what the scopes open."""
    kept = next((field for field in fields if field.startswith(f"{place}:[")), None)
    return json.loads(kept.removeprefix(f"{place}:")) if kept else [verified.PLAIN]


def _verified(named: dict[str, Any]) -> list[verified.Request]:
    return verified.read(named[verified.CLAIM]) if verified.CLAIM in named else []


def _named(named: dict[str, Any], open_to_it: Iterable[str]) -> list[str]:
    more = {verified.EVIDENCE} if verified.wants_evidence(_verified(named)) else set()
    return [claim for claim in open_to_it if claim in named.keys() | more]


def _kept(named: dict[str, Any]) -> list[str]:
    return [verified.written(said)] if (said := _verified(named)) else []


def _wish(said: Any) -> dict[str, Any]:  # noqa: ANN401  (JSON)
    return said if isinstance(said, dict) else {}
