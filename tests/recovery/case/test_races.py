"""The same recovery finished twice, a contact who answers twice or is removed meanwhile: of each, one of them wins."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from accounts.baseline.history import Seen
from accounts.customer import proofs
from accounts.lock.flows import reversible
from accounts.lock.proofs import UNDO
from accounts.models import Change, User
from accounts.sign_in import flows as sign_in
from accounts.undo import flows as undo
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy.assurance import Method
from recovery.case.flows import finish, wait
from recovery.case.policy.states import State
from recovery.contacts.flows import contacts, vouch
from recovery.contacts.proofs import CONTACT_ASK, CONTACT_INVITE
from recovery.models import Case, Contact, Shown
from tests import factories
from tests.at_once import together
from tests.recovery import steps

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("unlocked_audit")]

KEY = "k" * 43
STRANGER = Actor(ActorKind.STRANGER, None, Channel.WEB)


@pytest.fixture
def case() -> Case:
    """A recovery whose wait is over."""
    at = clock.now()
    made = Case.objects.create(
        customer=factories.customer(),
        state=State.COOLING_OFF,
        key_digest=codes.digest(KEY, "recovery key"),
        opened_at=at - timedelta(days=8),
        cooling_since=at - timedelta(days=8),
        risk=0,
    )
    Shown.objects.create(case=made, way="mail", at=made.opened_at)
    return made


def complete(case: Case, password: str) -> Callable[[], object]:
    browser = sign_in.Browser("", "", Seen(address="127.0.0.1", browser="Firefox", system="Linux"))
    return lambda: finish.complete(case, KEY, password, None, browser, by=STRANGER, at=clock.now())


def test_of_two_completions_one_counts(case: Case) -> None:
    passwords = [f"seven lamps of quiet harbour {number}" for number in range(4)]
    answers = together(*(complete(case, password) for password in passwords))
    assert sorted(answers) == ["case_not_possible"] * 3 + ["done"]
    customer = User.objects.get(pk=case.customer_id)
    assert customer.check_password(passwords[answers.index("done")])
    assert AuditEntry.objects.filter(name="recovery.completed").count() == 1


def test_cancel_against_complete_has_one_winner(case: Case) -> None:
    def cancel() -> object:
        return wait.cancel_here(case, by=STRANGER, at=clock.now())

    password = "seven lamps of quiet harbour"
    answers = together(cancel, complete(case, password))
    assert sorted(answers) == ["case_not_possible", "done"]
    case.refresh_from_db()
    changed = User.objects.get(pk=case.customer_id).check_password(password)
    assert (case.state, changed) in {(State.CANCELLED, False), (State.COMPLETED, True)}
    assert changed is (answers[1] == "done")


@pytest.fixture
def invited() -> tuple[Contact, str]:
    """Somebody who was asked to be a contact, and the secret of their link."""
    at, customer = clock.now(), factories.customer()
    made = Contact.objects.create(customer=customer, name="May", address="may@example.org", invited_at=at)
    return made, proofs.new_link(customer, CONTACT_INVITE, made.address, at, bound_to=made.pk).secret


def answer(secret: str, *, accept: bool) -> Callable[[], object]:
    return lambda: contacts.answer(secret, accept=accept, by=STRANGER, at=clock.now())


def test_an_invitation_is_answered_once(invited: tuple[Contact, str]) -> None:
    contact, secret = invited
    answers = together(*(answer(secret, accept=accept) for accept in (True, False, True)))
    assert sorted(answers) == ["contact_link_dead"] * 2 + ["done"]
    contact.refresh_from_db()
    said = "recovery.contact_declined" if answers[1] == "done" else "recovery.contact_accepted"
    names = AuditEntry.objects.filter(name__startswith="recovery.contact_").values_list("name", flat=True)
    assert list(names) == [said]
    assert (contact.declined_at is not None) is (answers[1] == "done")


def test_a_contact_who_is_removed_while_they_are_shown_a_code_leaves_none_that_counts() -> None:
    at, customer = clock.now(), factories.customer()
    made = steps.with_contact(customer)
    secret = proofs.new_link(customer, CONTACT_ASK, made.address, at, bound_to=codes.new_id()).secret
    session = factories.signed_in(Client(), customer, (Method.PASSWORD,))
    by = Actor(ActorKind.CUSTOMER, customer.pk, Channel.WEB)
    answers = together(
        lambda: vouch.show_code(secret, by=STRANGER, at=clock.now()),
        lambda: contacts.remove(customer, session, made, by=by, at=clock.now()),
    )
    assert answers in (["done", "done"], ["contact_link_dead", "done"])
    assert not customer.proofs.filter(purpose="recover", used_at__isnull=True).exists()


def test_a_link_shows_one_code_however_often_it_is_used_at_once() -> None:
    at, customer = clock.now(), factories.customer()
    made = steps.with_contact(customer)
    secret = proofs.new_link(customer, CONTACT_ASK, made.address, at, bound_to=codes.new_id()).secret
    answers = together(*(lambda: vouch.show_code(secret, by=STRANGER, at=clock.now()) for _ in range(3)))
    assert sorted(answers) == ["contact_link_dead"] * 2 + ["done"]
    assert customer.proofs.filter(purpose="recover").count() == 1


def test_undo_against_complete_leaves_nothing_of_the_recovery(case: Case) -> None:
    """Whichever comes first: stopped by the undo of an earlier change, or taken back with it."""
    customer, began = case.customer, clock.now() - timedelta(days=9)
    note = reversible.keep(customer, Change.Kind.PHONE, None, at=began, previous=b"+4722855050")
    secret = proofs.new_link(customer, UNDO, customer.email, clock.now(), bound_to=note.pk).secret

    def take_back() -> object:
        return undo.undo_by_link(secret, by=STRANGER, at=clock.now() + timedelta(seconds=1))

    password = "seven lamps of quiet harbour"
    answers = together(take_back, complete(case, password))
    assert answers[0] == "done"
    customer.refresh_from_db()
    case.refresh_from_db()
    assert case.state in {State.CANCELLED, State.COMPLETED}
    assert not customer.check_password(password)
    assert customer.locked_at is not None
    assert not Change.objects.filter(customer=customer, undone_at=None).exists()
