"""A case in words for the help desk: where it stands, what was asked, who did it, and what happened, newest first."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as translate
from django.utils.translation import gettext_lazy as _

from accounts.staff.admin.record import instant
from ciam_portal.core import explain
from ciam_portal.core.audit import why
from ciam_portal.core.audit.actor import ActorKind
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.explain import reasons
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.question import KNOWN
from ciam_portal.core.words import Text, sentence
from recovery.case.policy.evidence import Way
from recovery.case.policy.states import State
from recovery.desk.policy import Outcome, WhyRejected
from recovery.models import Case

Data = Mapping[str, Any]
MOST = 100  # lines of a case; wrong codes are many only when somebody guesses
_QUESTIONS = "recovery."  # where those of recovery live

STATES: dict[State, Text] = {
    State.OPEN: _("Open"),
    State.PROVEN: _("Shown enough"),
    State.PROPOSED: _("Waits for approval"),
    State.APPROVED: _("Approved"),
    State.COOLING_OFF: _("Waits until it can be finished"),
    State.COMPLETED: _("Finished"),
    State.REJECTED: _("Rejected"),
    State.CANCELLED: _("Stopped"),
    State.EXPIRED: _("Came to nothing"),
}
WAYS: dict[Way, Text] = {
    Way.MAIL: _("Code by mail"),
    Way.SMS: _("Code by text message"),
    Way.SAVED: _("Backup code"),
    Way.CONTACT: _("Code from a trusted person"),
    Way.APP: _("Authenticator app"),
    Way.PASSKEY: _("Passkey or security key"),
    Way.PASSWORD: _("Password"),
    Way.CALLED_BACK: _("Call back to a number on file"),
    Way.READ_BACK: _("Code read back"),
    Way.IN_SESSION: _("Answer in a session of the customer"),
    Way.DOCUMENT: _("Document, seen by two agents"),
}


def state(case: Case) -> str:
    """Where it stands."""
    return str(STATES[State(case.state)])


def due_at(case: Case) -> datetime | None:
    """By when somebody has to do the next thing, or until when it waits; None once it is over."""
    rules = limits.current().recovery
    if not case.is_live:
        return None
    if case.state == State.PROPOSED and case.proposed_at is not None:
        return case.proposed_at + timedelta(hours=rules.proposal_hours)
    return case.ready_at or case.opened_at + timedelta(days=rules.case_days)


def due(case: Case) -> str:
    """The same in words."""
    at = due_at(case)
    if at is None:
        return ""
    if case.state == State.PROPOSED:
        return translate("approve by %(at)s") % {"at": instant(at)}
    return (translate("waits until %(at)s") if case.ready_at else translate("over on %(at)s")) % {"at": instant(at)}


def person(key: UUID | None, viewer: UUID, role: str = "staff") -> str:
    """A member of staff by role and the end of their id; the viewer as such; the customer if it is nobody of staff."""
    if key is None:
        return translate("the customer")
    return translate("you") if key == viewer else f"{role} {str(key)[-8:]}"


def _plain(text: Text) -> Callable[[Data], str]:
    return lambda _data: str(text)


def _way(text: str) -> Callable[[Data], str]:
    return lambda data: f"{text}: {WAYS[Way(data['way'])]}"


def _asked(data: Data) -> str:
    way = Way(data["way"])
    if way is Way.READ_BACK and not data["sent"]:
        return translate("No code sent: that address had too many messages already")
    return f"{translate('Asked for')}: {WAYS[way]}"


def _noted(data: Data) -> str:
    return f"{WAYS[Way(data['way'])]}: {sentence(Outcome(data['outcome']))}"


def _missed(data: Data) -> str:
    if data["off"]:
        return translate("A wrong answer, one too many: this way is shut")
    return f"{translate('A wrong answer')}: {WAYS[Way(data['way'])]}"


def _rejected(data: Data) -> str:
    return f"{translate('Rejected')}: {sentence(WhyRejected(data['reason']))}"


_STOPPED: dict[str, Text] = {
    "link": _("Stopped with a link from one of our messages"),
    "session": _("Stopped in a session that was signed in"),
    "replaced": _("Gave way to a recovery with the help desk"),
}
_APPROVED, _APPROVED_ONCE = _("Approved; the wait began"), _("Approved; it takes one more who approves")
EVENTS: dict[str, Callable[[Data], str]] = {
    "recovery.opened": _plain(_("Begun by the customer, alone")),
    "recovery.shown": _way("Shown"),
    "recovery.waits": _plain(_("The wait began")),
    "recovery.ready": _plain(_("The wait is over; the customer was told")),
    "recovery.cancelled": lambda data: str(_STOPPED.get(data["via"], _("Stopped"))),
    "recovery.expired": _plain(_("Came to nothing")),
    "recovery.completed": _plain(_("Finished: the customer has access again")),
    "recovery.desk_began": _plain(_("Begun for a caller")),
    "recovery.desk_asked": _asked,
    "recovery.desk_noted": _noted,
    "recovery.desk_missed": _missed,
    "recovery.desk_took": lambda data: translate("Taken over") if data["over_from"] else translate("Taken"),
    "recovery.desk_let_go": _plain(_("Let go")),
    "recovery.proposed": _plain(_("Proposed")),
    "recovery.approved": lambda data: str(_APPROVED if data["ready_at"] else _APPROVED_ONCE),
    "recovery.rejected": _rejected,
    "recovery.link_sent": lambda data: translate("Link sent again") if data["again"] else translate("Link sent"),
    "recovery.claimed": _plain(_("The customer's link was used")),
}
_ROLES = dict.fromkeys(("recovery.rejected", "recovery.desk_took", "recovery.desk_let_go"), "staff") | {
    "recovery.approved": "approver"
}


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One thing that happened to a case."""

    at: datetime
    said: str
    who: str
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """What happened, and why the latest decision about the customer themselves came out as it did."""

    lines: list[CaseLine]
    decision: DecisionEntry | None
    doing: str
    because: list[str]


def story(case: Case, viewer: UUID) -> Story:
    """Three statements, however much happened."""
    rows = list(_rows(case).order_by("-at", "-pk")[:MOST])
    refused = list(_refused(case).order_by("-at", "-pk")[:MOST])
    lines = [_line(row, viewer) for row in rows if row.name in EVENTS] + [_no(row, viewer) for row in refused]
    lines.sort(key=lambda line: line.at, reverse=True)
    behind = [row.decision for row in rows if row.decision is not None and row.actor_kind != ActorKind.STAFF]
    decision = why.own(behind[0], case.customer_id) if behind else None
    if decision is None:
        return Story(lines[:MOST], None, "", [])
    return Story(lines[:MOST], decision, explain.doing(decision.action), explain.for_agent(decision))


def _rows(case: Case) -> QuerySet[AuditEntry]:
    return AuditEntry.objects.filter(about=case.customer_id, at__gte=case.opened_at, data__case=str(case.pk))


def _refused(case: Case) -> QuerySet[DecisionEntry]:
    """What staff were refused, by the rules of recovery, while this case was the customer's live one."""
    asked = [name for name, question in KNOWN.items() if question.__module__.startswith(_QUESTIONS)]
    rows = DecisionEntry.objects.filter(
        about=case.customer_id, at__gte=case.opened_at, question__in=asked, actor_kind=ActorKind.STAFF
    ).exclude(answer="allow")
    return rows if case.ended_at is None else rows.filter(at__lte=case.ended_at)


def _line(row: AuditEntry, viewer: UUID) -> CaseLine:
    if row.actor_kind == ActorKind.STAFF:
        who = person(row.actor, viewer, _ROLES.get(row.name, "agent"))
    elif row.actor_kind == ActorKind.SYSTEM:
        who = translate("the portal")
    else:
        who = translate("the customer") if row.actor else translate("somebody with our link")
    return CaseLine(row.at, EVENTS[row.name](row.data), who)


def _no(row: DecisionEntry, viewer: UUID) -> CaseLine:
    sentence = str(reasons.words(row.question, row.reason).customer)
    return CaseLine(row.at, f"{translate('Refused')}: {sentence}", person(row.actor, viewer), refused=True)
