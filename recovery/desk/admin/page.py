"""One case, put together for the page: facts, what was shown, and only the forms that this viewer may send now.

The policies are asked here to choose what is shown. The flows ask them again, under lock.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.forms import Form

from accounts.staff.admin.record import Viewer
from ciam_portal.core.explain.registers import risk_name
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.words import masked, sentence
from recovery.addresses import facts as addresses
from recovery.case import facts, forms
from recovery.case.policy import cases as policy
from recovery.case.policy.cases import CaseFacts, Helper
from recovery.case.policy.evidence import ALONE, DESK, Way, weight, weight_apart
from recovery.case.policy.states import State
from recovery.desk import policy as desk_policy
from recovery.desk.admin import words
from recovery.desk.flows import desk, evidence
from recovery.desk.policy import OF_CALL, OF_DOCUMENT, ClaimFacts, InquiryFacts
from recovery.models import Case, Inquiry, Shown


@dataclass(frozen=True, slots=True)
class Asking:
    """One way to ask about a caller: how it stands, and what this viewer may do about it.

    ``why_not``: why the answer to an open question is not theirs to note. ``nobody``: there is nothing to ask.
    """

    way: Way
    name: str
    weight: int
    shown: Shown | None
    shown_by: str
    inquiry: Inquiry | None
    asked_by: str
    ask: Form | None = None
    note: Form | None = None
    why_not: str = ""
    number: str = ""
    nobody: bool = False


class Page:
    """What the template reads."""

    def __init__(self, case: Case, viewer: Viewer) -> None:
        self.case, self.viewer, self._limits = case, viewer, limits.current()
        self._now: CaseFacts = facts.of_case(case)
        self._helper: Helper = facts.helper(viewer.user, viewer.session, case.customer, by=viewer.by, at=viewer.at)
        self._channels = desk.channels(case)
        self._numbers = evidence.numbers(case)

    def words(self) -> dict[str, Any]:
        """Everything at once."""
        case, me = self.case, self.viewer.user.pk
        return {
            "state": words.state(case),
            "customer": masked(case.customer.email),
            "risk": risk_name(case.risk),
            "opened_by": words.person(case.opened_by, me, "agent"),
            "proposed_by": words.person(case.proposed_by, me, "agent") if case.proposed_by else "",
            "approved_by": words.person(case.approved_by, me, "approver") if case.approved_by else "",
            "seconded_by": words.person(case.seconded_by, me, "approver") if case.seconded_by else "",
            "helped": case.opened_by is not None,
            "claimed_by": words.person(case.claimed_by, me) if case.claimed_by else "",
            "take": self._may(desk_policy.may_take, ClaimFacts(case.claimed_by, case.claimed_by)),
            "let_go": self._may(desk_policy.may_let_go, ClaimFacts(case.claimed_by)),
            "due": words.due(case),
            "release_to": self._release_to(),
            "asking": self._asking(),
            "shown": self._shown_alone(),
            "apart": weight_apart(self._now.shown),
            "needed": self._limits.recovery.desk_weight_apart,
            "sum": weight(self._now.shown),
            "enough": self._limits.recovery.desk_weight,
            "alone": ALONE,
            "must_open": self._must_open(),
            "story": words.story(case, me),
            "now": self.viewer.at,
            **self._decisions(),
        }

    def _says(self, question: Any, *asked: Any) -> Decision:
        answer: Decision = question(self._now, self._helper, *asked, limits=self._limits, at=self.viewer.at)
        return answer

    def _may(self, question: Any, *asked: Any) -> bool:
        return isinstance(self._says(question, *asked), Allow)

    def _must_open(self) -> bool:
        """An agent could go on, had this session opened the customer's record."""
        helps = policy.helps(self._helper)
        shut = isinstance(helps, Deny) and helps.reason is policy.Reason.RECORD_SHUT
        return shut and self.case.opened_by is not None and self.case.is_live

    def _decisions(self) -> dict[str, Any]:
        is_mine = self._helper.id == self.case.proposed_by
        approves = self._says(policy.may_approve)
        waits = self.case.state == State.PROPOSED
        return {
            "propose": forms.ToChannel(channels=self._channels, auto_id="propose_%s")
            if self._may(policy.may_propose)
            else None,
            "approve": isinstance(approves, Allow),
            "not_approve": sentence(approves.reason) if waits and isinstance(approves, Deny) else "",
            "reject": forms.Reject(auto_id="reject_%s") if self._may(policy.may_reject) else None,
            "is_mine": is_mine,
            "send_again": self._may(desk_policy.may_send_again),
        }

    def _release_to(self) -> str:
        if not self.case.release_to:
            return ""
        found = addresses.find(self.case.customer, self._channels, self.case.release_to)
        return found.masked if found else "—"

    def _shown_alone(self) -> list[str]:
        """What the customer showed without help."""
        return [str(words.WAYS[way]) for way in self._now.shown if way not in DESK]

    def _asking(self) -> list[Asking]:
        if self.case.opened_by is None:
            return []
        shown = {Way(row.way): row for row in self.case.shown.all()}
        asked = {Way(row.way): row for row in self.case.inquiries.filter(outcome="")}
        return [self._one(way, shown.get(way), asked.get(way)) for way in DESK]

    def _one(self, way: Way, shown: Shown | None, inquiry: Inquiry | None) -> Asking:
        me: UUID = self.viewer.user.pk
        reachable = self._reachable(way)
        may_ask = shown is None and self._may(desk_policy.may_ask, InquiryFacts(way=way, reachable=reachable))
        noted = InquiryFacts(way=way, is_open=inquiry is not None, asked_by=inquiry.asked_by if inquiry else None)
        notes = self._says(desk_policy.may_note, noted)
        may_note = inquiry is not None and isinstance(notes, Allow)
        second = isinstance(notes, Deny) and notes.reason is desk_policy.Reason.SECOND_AGENT
        return Asking(
            way=way,
            name=str(words.WAYS[way]),
            weight=DESK[way],
            shown=shown,
            shown_by=words.person(shown.by, me, "agent") if shown else "",
            inquiry=inquiry,
            asked_by=words.person(inquiry.asked_by, me, "agent") if inquiry else "",
            ask=self._ask_form(way) if may_ask else None,
            note=self._note_form(way) if may_note else None,
            why_not=sentence(desk_policy.Reason.SECOND_AGENT) if second else "",
            number=evidence.number_shown(self.case, me, self.viewer.at) if may_note and way is Way.CALLED_BACK else "",
            nobody=not reachable,
        )

    def _reachable(self, way: Way) -> bool:
        if way is Way.READ_BACK:
            return bool(self._channels)
        if way is Way.CALLED_BACK:
            return bool(self._numbers)
        return way is Way.DOCUMENT or bool(facts.sessions_to_ask(self.case, self.viewer.at))

    def _ask_form(self, way: Way) -> Form:
        if way in {Way.READ_BACK, Way.CALLED_BACK}:
            return forms.ToChannel(channels=channels_of(self.case, way), auto_id=f"ask_{way}_%s")
        return Form()

    def _note_form(self, way: Way) -> Form | None:
        return note_form(way, auto_id=f"note_{way}_%s")


def channels_of(case: Case, way: Way) -> list[addresses.Destination]:
    """Where this way may ask."""
    return evidence.numbers(case) if way is Way.CALLED_BACK else desk.channels(case)


def note_form(way: Way, data: Any = None, auto_id: str = "") -> Form | None:
    """The form that notes what came of it; None where the customer answers."""
    if way is Way.READ_BACK:
        return forms.ReadBack(data, auto_id=auto_id)
    if way is Way.IN_SESSION:
        return None
    return forms.Came(data, outcomes=OF_CALL if way is Way.CALLED_BACK else OF_DOCUMENT, auto_id=auto_id)
