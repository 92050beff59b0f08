"""Undo at the same moment as itself and as another change, on a real database."""

from datetime import timedelta
from functools import partial

import pytest
from django.test import Client

from accounts.account import flows as account_flows
from accounts.lock import policy
from accounts.lock.flows import locks
from accounts.models import Change, Dispute, Session, User
from accounts.undo import flows as undo
from ciam_portal.core import clock, gate
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.policy.assurance import Method
from tests import factories
from tests.at_once import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("unlocked_audit")]
NEW = "seven lamps of quiet harbour"


@pytest.fixture
def owner() -> User:
    return factories.customer(phone="+4722855050")


@pytest.fixture
def actor(owner: User) -> Actor:
    return Actor(ActorKind.CUSTOMER, owner.pk, Channel.WEB)


@pytest.fixture
def session(owner: User) -> Session:
    return factories.signed_in(Client(), owner, (Method.PASSWORD,))


def secret_of(kind: str) -> str:
    link = next(mail.words["undo_link"] for mail in reversed(factories.outbox()) if mail.kind == kind)
    return str(link).rstrip("/").rsplit("/", 1)[1]


def test_of_many_uses_of_one_link_one_acts(owner: User, actor: Actor, session: Session) -> None:
    account_flows.change_password(owner, NEW, session, by=actor, at=clock.now())
    secret, stranger = secret_of("password_changed"), Actor(ActorKind.STRANGER, None, Channel.WEB)

    def use() -> object:
        undo.undo_by_link(secret, by=stranger, at=clock.now())
        return "done"

    answers = at_once(*[use] * 6)
    assert sorted(map(str, answers)) == ["done", *[str(policy.Reason.UNDO_LINK_DEAD)] * 5]
    assert Dispute.objects.count() == 1
    assert AuditEntry.objects.filter(name="account.change_undone").count() == 1
    assert [mail.kind for mail in factories.outbox()].count("account_change_undone") == 1


def test_links_of_two_changes_used_together_end_in_one_state(owner: User, actor: Actor, session: Session) -> None:
    at = clock.now()
    account_flows.edit_profile(owner, {"phone": "+4799999999"}, session, by=actor, at=at)
    account_flows.change_password(owner, NEW, session, by=actor, at=at + timedelta(milliseconds=1))
    secrets, stranger = (secret_of("phone_changed"), secret_of("password_changed")), Actor(ActorKind.STRANGER)
    late = clock.now() + timedelta(seconds=1)
    answers = at_once(*[partial(undo.undo_by_link, each, by=stranger, at=late) for each in secrets])
    assert isinstance(answers[0], Change)
    owner.refresh_from_db()
    assert owner.phone == "+4722855050"
    assert not owner.has_usable_password()
    assert owner.way_back == policy.WayBack.FACTOR
    assert not Change.objects.filter(undone_at=None).exists()


def test_a_change_made_at_the_moment_of_an_undo_does_not_survive_it(
    owner: User, actor: Actor, session: Session
) -> None:
    account_flows.change_password(owner, NEW, session, by=actor, at=clock.now())
    secret, stranger = secret_of("password_changed"), Actor(ActorKind.STRANGER)

    def move() -> object:
        account_flows.edit_profile(owner, {"phone": "+4799999999"}, session, by=actor, at=clock.now())
        return "changed"

    answers = at_once(lambda: undo.undo_by_link(secret, by=stranger, at=clock.now() + timedelta(seconds=1)), move)
    assert answers[1] in {"changed", gate.Reason.SESSION_OVER, gate.Reason.ACCOUNT_CLOSED}
    owner.refresh_from_db()
    assert owner.phone == "+4722855050"
    assert owner.locked_at is not None


def test_a_lock_at_the_moment_of_a_recovery_leaves_one_of_two_whole_states(
    owner: User, actor: Actor, session: Session
) -> None:
    at = clock.now()
    locks.lock(owner, by=actor, at=at)
    at_once(
        lambda: account_flows.restore_access(owner, NEW, by=actor, at=at + timedelta(seconds=1)),
        lambda: locks.lock(owner, by=actor, at=at + timedelta(seconds=2)),
    )
    owner.refresh_from_db()
    assert owner.locked_at == at + timedelta(seconds=2)
    assert owner.recovered_at == at + timedelta(seconds=1)
    assert not owner.is_open
