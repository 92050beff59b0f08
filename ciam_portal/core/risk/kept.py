"""All numbers behind a score and its findings, as they are kept by version and made again to decide as then."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from ciam_portal.core.risk.parameters import DEFAULT, LIMITS, Attackers, Change, Parameters, RuleLimits


@dataclass(frozen=True, slots=True)
class Numbers:
    """What decided: the model's parameters (their ``equations`` say how they are used) and the points of the rules."""

    parameters: Parameters = DEFAULT
    rules: RuleLimits = LIMITS

    def as_json(self) -> dict[str, Any]:
        """Plain numbers, as they come back from a database."""
        mine = self.parameters
        parameters = {name: getattr(mine, name) for name in mine.__dataclass_fields__ if name not in _OWN_FORM}
        parameters["attackers"] = asdict(mine.attackers)
        parameters["changes"] = {name: asdict(change) for name, change in mine.changes.items()}
        return {"parameters": parameters, "rules": _lists(asdict(self.rules))}


_OWN_FORM = {"attackers", "changes", "version"}


def of_json(stored: Mapping[str, Any]) -> Numbers:
    """The numbers that ``as_json`` was made of. A number that came later has its value of today.

    Raises TypeError for one that today's software does not know.
    """
    plain = dict(stored["parameters"])
    attackers = Attackers(**plain.pop("attackers"))
    changes = MappingProxyType({name: Change(**change) for name, change in plain.pop("changes").items()})
    rules = {name: _steps(value) for name, value in stored["rules"].items()}
    return Numbers(Parameters(**plain, attackers=attackers, changes=changes), RuleLimits(**rules))


def _lists(value: Any) -> Any:  # noqa: ANN401  (numbers, and steps of them)
    if isinstance(value, dict):
        return {name: _lists(item) for name, item in value.items()}
    return [_lists(item) for item in value] if isinstance(value, tuple) else value


def _steps(value: Any) -> Any:  # noqa: ANN401  (as above)
    return tuple(_steps(item) for item in value) if isinstance(value, list) else value
