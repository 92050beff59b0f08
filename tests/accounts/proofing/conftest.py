"""A customer, two agents who were trained, and what a document says."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import IdentityCheck, IdentityTraining, Session, User
from accounts.proofing.flows import checks, desk
from accounts.proofing.shapes import Document, Pathway, Shown, Strength
from accounts.staff.flows import people
from accounts.staff.policy import WhyLook
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.roles import Role
from tests import factories

DAY = timedelta(days=1)
PASSPORT = Shown(
    "Ada Lovelace", date(1990, 12, 10), Document.PASSPORT, "NO", "C01X-0006H", Strength.STRONG, Pathway.ONSITE,
    datetime(2031, 1, 1, tzinfo=UTC),
)  # fmt: skip


@dataclass
class Party:
    """Somebody who is signed in with two steps."""

    user: User
    session: Session
    by: Actor
    client: Client

    def starts(self, provider: str = "attended") -> IdentityCheck:
        """They begin."""
        return checks.start(self.user, self.session, provider, by=self.by, at=clock.now())[0]

    def opens(self, customer: User) -> None:
        """Of the staff: they open a record."""
        why = WhyLook.IDENTITY_CHECK
        people.open_record(customer, why, self.user, self.session, by=self.by, at=clock.now())

    def notes(self, check: IdentityCheck, shown: Shown = PASSPORT) -> None:
        """Of the staff: what they see."""
        self.opens(check.customer)
        desk.note(check, shown, self.user, self.session, by=self.by, at=clock.now())

    def decides(self, check: IdentityCheck, why: object = None) -> None:
        """Of the staff: it passes, or not."""
        self.opens(check.customer)
        desk.decide(check, why, self.user, self.session, by=self.by, at=clock.now())  # type: ignore[arg-type]


def party() -> Party:
    """A customer."""
    user, client = factories.customer(), Client()
    session = factories.signed_in(client, user, (Method.PASSWORD, Method.TOTP))
    return Party(user, session, Actor(ActorKind.CUSTOMER, user.pk, Channel.WEB), client)


def agent(role: Role = Role.AGENT, *, trained: bool = True) -> Party:
    """One of the staff."""
    user, client, at = factories.customer(is_staff=True), Client(), clock.now()
    user.groups.add(Group.objects.get(name=role.value))
    session = factories.signed_in(client, user, (Method.PASSWORD, Method.TOTP))
    if trained:
        IdentityTraining.objects.create(person=user, given_at=at, until=at + DAY, given_by=codes.new_id())
    return Party(user, session, Actor(ActorKind.STAFF, user.pk, Channel.HELP_DESK, session.pk), client)


@pytest.fixture
def ada() -> Party:
    """Who shows who she is."""
    return party()


@pytest.fixture
def shows() -> Callable[..., IdentityCheck]:
    """Somebody shows a document to two of the staff, and both see the same."""

    def show(who: Party, shown: Shown = PASSPORT) -> IdentityCheck:
        check = who.starts()
        agent().notes(check, shown)
        agent().decides(check)
        return IdentityCheck.objects.get(pk=check.pk)

    return show
