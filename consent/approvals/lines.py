"""What an agent asks, in words that people read."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from ciam_portal.core import links, words
from ciam_portal.core.words import Text
from ciam_portal.oauth import details
from consent.approvals.shapes import State
from consent.delegation import lines as delegations
from consent.models import ApprovalRequest, AuthorizationDetail

_LAST, _LAST_OF_ONE = 40, 3
_BADGES: Mapping[str, tuple[Text, str]] = {
    State.WAITING: (_("Waits for your answer"), "accent"),
    State.APPROVED: (_("Approved, not used yet"), "good"),
    State.REFUSED: (_("Refused"), "bad"),
    State.EXPIRED: (_("Not answered in time"), ""),
    State.WITHDRAWN: (_("Taken back"), ""),
    State.USED: (_("Approved, not done yet"), "good"),
}
_DONE: tuple[Text, str] = (_("Approved and done"), "good")
_NOT_USED: tuple[Text, str] = (_("Approved, and not used in time"), "")


def described(row: ApprovalRequest) -> list[dict[str, Any]]:
    """What exactly, thing by thing: our words, made from what was asked."""
    return [_described(each) for each in row.asked]


def in_short(row: ApprovalRequest) -> str:
    """The same, in one line; of several things, that they are what was ticked."""
    if len(row.asked) > 1:
        return gettext("Approve what you ticked of what %(who)s asks") % {"who": row.partner.name}
    (only,) = described(row)
    what = ", ".join([str(only["title"]), *(value for _term, value in only["lines"])])
    return gettext("Approve what %(who)s asks: %(what)s") % {"who": row.partner.name, "what": what}


def _described(detail: details.Detail) -> dict[str, Any]:
    """A detail says what is done by it, where its type does not."""
    found = details.described(detail)
    if detail["type"] == details.OF_AGENTS:
        found["title"] = delegations.doing(details.transaction(detail).action)
    return found


def shown(row: ApprovalRequest, reader: User) -> dict[str, Any]:
    """All of it, for the page on which it is answered."""
    return {
        "row": row,
        "partner": row.partner,
        "details": described(row),
        "place": words.place(row.network, row.country),
        "asked": reader.local(row.asked_at),
        "until": reader.local(row.expires_at),
    }


def listed(owner: User, at: datetime, most: int) -> list[dict[str, Any]]:
    """What was asked, newest first, and what became of it. Two statements."""
    return named(list(ApprovalRequest.objects.of(owner.pk)[:most]), owner, at)


def named(rows: list[ApprovalRequest], reader: User, at: datetime) -> list[dict[str, Any]]:
    """The same, of these."""
    done = _done(rows)
    return [_listed(row, reader, at, done) for row in rows]


def _listed(row: ApprovalRequest, reader: User, at: datetime, done: set[object]) -> dict[str, Any]:
    badge, kind = _badge(row, at, done)
    return {
        "row": row,
        "what": [each["title"] for each in described(row)],
        "waits": row.state == State.WAITING and at < row.expires_at,
        "badge": badge,
        "badge_kind": kind,
        "when": reader.local(row.asked_at),
        "until": reader.local(row.expires_at),
    }


def _badge(row: ApprovalRequest, at: datetime, done: set[object]) -> tuple[Text, str]:
    if done & set(row.details):
        return _DONE
    if row.state == State.WAITING and at >= row.expires_at:
        return _BADGES[State.EXPIRED]
    over = row.state == State.APPROVED and at >= row.expires_at
    return _NOT_USED if over else _BADGES[row.state]


def _done(rows: list[ApprovalRequest]) -> set[object]:
    """Of all that was approved in these, what was done."""
    keys = [key for row in rows for key in row.details]
    if not keys:
        return set()
    return set(AuthorizationDetail.objects.filter(pk__in=keys, used_at__isnull=False).values_list("pk", flat=True))


def of_agents(owner: User, at: datetime) -> Mapping[str, list[dict[str, Any]]]:
    """The last few of each agent, for the page of whoever acts."""
    found: dict[str, list[dict[str, Any]]] = {}
    for each in listed(owner, at, _LAST):
        row = each["row"]
        line = {"what": each["what"][0], "state": each["badge"], "when": each["when"]}
        line["url"] = links.absolute("consent:approval", str(row.pk))
        found.setdefault(str(row.delegation_id), []).append(line)
    return {key: lines[:_LAST_OF_ONE] for key, lines in found.items()}
