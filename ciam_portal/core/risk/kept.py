"""All numbers behind a score and its findings, as they are kept by version and made again to decide as then."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import TypeAdapter

from ciam_portal.core.risk.parameters import DEFAULT, LIMITS, Parameters, RuleLimits


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

    Raises ValueError for one that today's software does not know.
    """
    return _NUMBERS.validate_python(stored, extra="forbid")


_NUMBERS = TypeAdapter(Numbers)


def _lists(value: Any) -> Any:  # noqa: ANN401  (numbers, and steps of them)
    if isinstance(value, dict):
        return {name: _lists(item) for name, item in value.items()}
    return [_lists(item) for item in value] if isinstance(value, tuple) else value
