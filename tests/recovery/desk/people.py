"""The help desk of a test: two agents and an approver, a caller, and what each of them does."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.factors import bound as factors
from accounts.models import Session, User
from accounts.sign_in import flows as sign_in
from accounts.staff.flows import people as staff
from accounts.staff.policy import WhyLook
from ciam_portal.core import clock
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.roles import Role
from recovery.addresses.facts import Destination
from recovery.desk.flows import desk, evidence
from recovery.desk.policy import Outcome
from recovery.models import Case
from tests import factories, mailed
from tests.accounts.staff.people import Member
from tests.recovery import steps

LOST = (Method.TOTP,)


def caller() -> User:
    """A customer of a year, with a phone for recovery and an app that they have lost."""
    made = factories.customer(created_at=clock.now() - timedelta(days=365))
    steps.with_app(made)
    steps.with_phone(made)
    return made


def look(who: Member, customer: User, why: WhyLook = WhyLook.YOU_ASKED) -> None:
    """Open the record, with a reason."""
    staff.open_record(customer, why, who.user, who.session, by=who.by, at=clock.now())


def stay(who: Member) -> None:
    """Their session is in use; what was proven in it grows old all the same."""
    Session.objects.filter(pk=who.session.pk).update(last_used_at=clock.now())


def prove(who: Member) -> None:
    """They have shown their second factor again, just now."""
    stay(who)
    sign_in.step_up(who.session, Method.TOTP, by=who.by, at=clock.now())


@dataclass
class Desk:
    """Ann and Bea are agents, Ben approves."""

    customer: User = field(default_factory=caller)
    ann: Member = field(default_factory=lambda: Member(Role.AGENT))
    bea: Member = field(default_factory=lambda: Member(Role.AGENT))
    ben: Member = field(default_factory=lambda: Member(Role.APPROVER))

    def begin(self, who: Member | None = None, lost: tuple[Method, ...] = LOST) -> Case:
        """Ann opens the record and a case."""
        who = who or self.ann
        look(who, self.customer)
        return desk.begin(self.customer, lost, who.user, who.session, by=who.by, at=clock.now())

    def channel(self, case: Case, kind: str = "mail") -> Destination:
        """One of the customer's channels."""
        return next(each for each in desk.channels(case) if each.by == kind)

    def ask_read_back(self, case: Case, kind: str = "mail", who: Member | None = None) -> bool:
        """A code goes out."""
        who = who or self.ann
        key = self.channel(case, kind).id
        return evidence.ask_read_back(case, key, who.user, who.session, by=who.by, at=clock.now())

    def read_back(self, case: Case, typed: str = "", who: Member | None = None) -> bool:
        """The caller reads it."""
        who, typed = who or self.ann, typed or steps.latest("read_back_code")
        return evidence.read_back(case, typed, who.user, who.session, by=who.by, at=clock.now())

    def call(self, case: Case, outcome: Outcome = Outcome.CONFIRMED, who: Member | None = None) -> Case:
        """Ann calls the number on file."""
        who = who or self.ann
        key = evidence.numbers(case)[0].id
        evidence.ask_call_back(case, key, who.user, who.session, by=who.by, at=clock.now())
        return evidence.called_back(case, outcome, who.user, who.session, by=who.by, at=clock.now())

    def document(self, case: Case, outcome: Outcome = Outcome.CONFIRMED, checker: Member | None = None) -> Case:
        """Ann asks for a document, Bea checks it."""
        checker = checker or self.bea
        evidence.ask_document(case, self.ann.user, self.ann.session, by=self.ann.by, at=clock.now())
        look(checker, self.customer, WhyLook.IDENTITY_CHECK)
        return evidence.check_document(case, outcome, checker.user, checker.session, by=checker.by, at=clock.now())

    def propose(self, case: Case, who: Member | None = None, kind: str = "mail") -> Case:
        """Ann stands for it."""
        who = who or self.ann
        return desk.propose(case, self.channel(case, kind).id, who.user, who.session, by=who.by, at=clock.now())

    def approve(self, case: Case, who: Member | None = None) -> Case:
        """Ben stands for it too."""
        who = who or self.ben
        return desk.approve(case, who.user, who.session, by=who.by, at=clock.now())

    def code(self, case: Case, kind: str = "mail") -> bool:
        """Ann sends a code, and the caller reads it."""
        return self.ask_read_back(case, kind) and self.read_back(case)

    def little(self) -> Case:
        """A case with a code and a document, and nothing else."""
        case = self.begin()
        self.code(case)
        return self.document(case)

    def proposed(self) -> Case:
        """A case with enough, proposed by Ann."""
        case = self.little()
        self.call(case)
        return self.propose(case)

    def approved(self) -> Case:
        """A case that waits, approved by Ben."""
        return self.approve(self.proposed())


def open_link(client: Client, secret_link: str) -> Any:
    """Follow the link of a message, and press the button behind it."""
    client.get(steps.path(secret_link))
    return client.post(mailed.page(client, "/recover/link/"), follow=True)


def the_link() -> str:
    """The customer's own link, in the newest message that has one."""
    return str([mail for mail in factories.outbox() if mail.kind == "recovery_finish"][-1].words["link"])


def has_factor(customer: User, method: Method) -> bool:
    """Whether the customer can prove with it now."""
    return method in factors.second_factors(customer)


def refused(verb: Callable[..., object], *args: object, **words: object) -> object:
    """Why this was refused."""
    with pytest.raises(Refused) as caught:
        verb(*args, **words)
    return caught.value.reason
