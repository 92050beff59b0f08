"""A customer's own activity: what was recorded and decided about them, in their words, newest first.

Audit rows hold nothing personal, so browser and place come from the session's own row while it is kept.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.activity import runs
from accounts.models import Dispute, Session, SignInAttempt, User
from ciam_portal.core import explain, gate, timeline
from ciam_portal.core.audit.actor import ActorKind
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.lists.keyset import Mark
from ciam_portal.core.policy.catalogue import USE_SCOPE, Action
from ciam_portal.core.policy.question import name_of
from ciam_portal.core.timeline import Said
from ciam_portal.core.words import agent, place
from ciam_portal.oauth.models import Partner

__all__ = ["LENGTH", "Line", "Mark", "Page", "page"]

LENGTH = 30
_GATE = name_of(gate.decide)
_GONE = lazy("Somebody")
# Sign-ins are told by their own events. What apps do with a key can be any number in a minute, and is theirs to handle.
# What staff were refused rests on their own session; what they did shows as an event.
_NOT_HERE = (
    Q(action__in=[Action.SIGN_IN, Action.USE_TOKEN, Action.REFRESH_TOKEN])
    | Q(action__startswith=USE_SCOPE)
    | Q(actor_kind=ActorKind.STAFF)
)
# How the gate's answers read; what was wanted follows (``explain.doing``).
_ANSWERS = {
    "step_up": Said(lazy("More steps asked for"), badge=lazy("Asked"), kind="accent"),
    "hold": Said(lazy("This had to wait"), badge=lazy("On hold"), kind="warn"),
    "deny": Said(lazy("This was stopped"), badge=lazy("Stopped"), kind="bad"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened, as the page shows it.

    ``session``: the sign-in this line is about, to be answered. ``contest``: the decision that may be contested.
    ``dispute``: where a dispute about it stands ("open", "closed").
    """

    mark: Mark
    what: str
    title: str
    more: str = ""
    badge: str = ""
    kind: str = ""
    where: str = ""
    why: tuple[str, ...] = ()
    asked: bool = False
    session: Session | None = None
    contest: UUID | None = None
    dispute: str = ""
    times: int = 1

    @property
    def at(self) -> datetime:
        """When."""
        return self.mark.at


@dataclass(frozen=True, slots=True)
class Page:
    """So many lines, and where the next page begins; None on the last."""

    lines: tuple[Line, ...]
    older: Mark | None


@dataclass(frozen=True, slots=True)
class _Around:
    """What the rows of one page speak of, each read once."""

    sessions: dict[UUID, Session]
    partners: dict[str, str]
    others: dict[str, str]
    decisions: dict[UUID, DecisionEntry]
    disputes: dict[UUID | None, str]
    attempts: dict[UUID, SignInAttempt]


def page(customer: User, before: Mark | None = None) -> Page:
    """One page of it. The number of queries is the same for every customer and page."""
    events = AuditEntry.objects.filter(timeline.told(), about=customer.pk)
    gate_said = DecisionEntry.objects.filter(about=customer.pk, question=_GATE, answer__in=_ANSWERS)
    found = runs.newest(customer.pk, events, gate_said.exclude(_NOT_HERE), before, LENGTH)
    heads = [head.mark.id for head in found.heads]
    rows: dict[UUID, AuditEntry | DecisionEntry] = {
        **AuditEntry.objects.in_bulk([head.mark.id for head in found.heads if not head.is_decision]),
        **DecisionEntry.objects.in_bulk([head.mark.id for head in found.heads if head.is_decision]),
    }
    around = _around(customer, [rows[key] for key in heads])
    lines = ((head, _line(rows[head.mark.id], around)) for head in found.heads)
    return Page(tuple(replace(line, times=head.times) for head, line in lines if line is not None), found.older)


def _mark(row: AuditEntry | DecisionEntry) -> Mark:
    return Mark(row.at, row.pk)


def _around(customer: User, rows: Iterable[AuditEntry | DecisionEntry]) -> _Around:
    events = [row for row in rows if isinstance(row, AuditEntry)]
    asked = {row.pk: row for row in rows if isinstance(row, DecisionEntry)}
    wanted = {key for row in rows if (key := _session(row)) is not None}
    behind = {row.decision for row in events if row.decision is not None}
    partners = {key for row in events if (key := _as_id(row.data.get("partner"))) is not None}
    others = {key for row in events if (key := _as_id(row.data.get("other"))) is not None}
    others |= {row.actor for row in asked.values() if row.on_behalf_of is not None and row.actor is not None}
    decisions = (
        DecisionEntry.objects.filter(pk__in=behind, about=customer.pk).exclude(actor_kind=ActorKind.STAFF).in_bulk()
    )
    disputes = Dispute.objects.filter(customer=customer, decision__in=behind | set(asked))
    names = Partner.objects.filter(pk__in=partners).values_list("pk", "name")
    return _Around(
        sessions=Session.objects.filter(customer=customer, pk__in=wanted).in_bulk(),
        partners={str(key): name for key, name in names},
        others={str(each.pk): each.called for each in User.objects.filter(pk__in=others).only("email", "name")},
        decisions=decisions | asked,
        disputes=dict(disputes.values_list("decision", "state")),
        attempts=SignInAttempt.objects.filter(customer=customer).in_bulk(behind),
    )


def _session(row: AuditEntry | DecisionEntry) -> UUID | None:
    """The session a row is about, or else the one in which it was done."""
    named = row.data.get("session") if isinstance(row, AuditEntry) else None
    return row.session if named is None else _as_id(named)


def _as_id(text: object) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


def _line(row: AuditEntry | DecisionEntry, around: _Around) -> Line | None:
    session = around.sessions.get(key) if (key := _session(row)) else None
    if isinstance(row, DecisionEntry):
        said = replace(_ANSWERS[row.answer], more=_capitalized(explain.doing(row.action)))
        if row.on_behalf_of == row.about:  # another did it for them
            said = replace(said, more=_("%(who)s, for you") % {"who": around.others.get(str(row.actor), _GONE)})
        line = _plain(row, row.answer, said, _where(session))
        dispute, asked = around.disputes.get(row.pk, ""), row.answer == "step_up"
        why = tuple(explain.for_customer(row))
        return replace(line, why=why, asked=asked, contest=None if asked or dispute else row.pk, dispute=dispute)
    said_or_not = timeline.say(row.name, row.data)
    if said_or_not is None:
        return None
    line = _plain(row, row.name, said_or_not, _where(session or around.attempts.get(row.decision or row.pk)))
    if "partner" in row.data:
        line = replace(line, more=around.partners.get(str(row.data["partner"]), ""))
    if "other" in row.data and not line.more:
        line = replace(line, more=around.others.get(str(row.data["other"]), ""))
    decision = around.decisions.get(row.decision) if row.decision else None
    if decision is not None and row.name.startswith("sign_in."):
        why = tuple(explain.for_customer(decision))
        line = replace(line, why=why, asked=decision.answer == "step_up", dispute=around.disputes.get(decision.pk, ""))
    return replace(line, session=session) if row.name == "sign_in.completed" else line


def _plain(row: AuditEntry | DecisionEntry, what: str, said: Said, where: str) -> Line:
    return Line(_mark(row), what, str(said.title), said.more, str(said.badge), said.kind, where)


def _where(session: Session | SignInAttempt | None) -> str:
    if session is None:
        return ""
    return f"{agent(session.browser, session.system)}, {place(session.network, session.country)}"


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]
