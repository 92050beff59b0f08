"""What a page that asks for an app's sake shows: by purpose, each permission with the customer's own value."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from accounts.models import User
from ciam_portal.oauth import scopes
from consent.permission import facts
from consent.records.facts import Spoken, described


def by_purpose(
    spoken: Iterable[Spoken], customer: User, allowed: Collection[str], at: datetime
) -> dict[str, list[dict[str, Any]]]:
    """``needed`` and ``optional``: for each purpose what is said of it, and its rows.

    Nothing is ticked that was not allowed before, and what is new since then is marked.
    """
    found: dict[str, list[dict[str, Any]]] = {"needed": [], "optional": []}
    for each in spoken:
        rows = [_row(scope, customer, allowed, at) for scope in scopes.described(each.scopes)]
        for name, required in (("needed", True), ("optional", False)):
            if mine := [row for row in rows if row["scope"].required is required]:
                found[name].append({"purpose": described(each.purpose), "rows": mine})
    return found


def _row(scope: scopes.Scope, customer: User, allowed: Collection[str], at: datetime) -> dict[str, Any]:
    return {
        "scope": scope,
        "value": facts.shown(customer, scope.name, at),
        "ticked": scope.name in allowed,
        "is_new": bool(allowed) and scope.name not in allowed,
    }
