"""Once a year customers are reminded of where their recovery goes."""

from datetime import timedelta

import pytest

from accounts.models import User
from ciam_portal.core import clock, retention
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.errors import Refused
from recovery.case import tasks
from recovery.contacts.flows import review
from recovery.models import Contact, Review
from tests.factories import Message, outbox
from tests.recovery import steps

pytestmark = pytest.mark.django_db


def reviews() -> list[Message]:
    return [mail for mail in outbox() if mail.kind == "recovery_review"]


@pytest.mark.control("63B 4.2.1.3")
def test_a_year_after_the_first_and_then_every_year(customer: User) -> None:
    steps.with_contact(customer)  # both 30 days ago
    steps.with_phone(customer)
    with steps.later(days=334):
        assert tasks.remind() == 0
    with steps.later(days=335, minutes=1):
        assert tasks.remind() == 1
        assert tasks.remind() == 0
    (mail,) = reviews()
    assert mail.to == customer.email
    assert mail.words["contacts"] == ["Aunt May (m···@example.org)"]
    assert mail.words["addresses"] == ["···50"]
    (row,) = AuditEntry.objects.filter(name="recovery.reminded")
    assert row.data == {"addresses": 1, "contacts": 1}
    with steps.later(days=335 + 364):
        assert tasks.remind() == 0
    with steps.later(days=335 + 365, minutes=2):
        assert tasks.remind() == 1
    assert Review.objects.count() == 1


def test_nobody_is_reminded_of_nothing(customer: User) -> None:
    at = clock.now()
    steps.with_contact(customer).remove(at)
    Contact.objects.create(customer=customer, name="A", address="a@example.org", invited_at=at)
    with steps.later(days=800):
        assert tasks.remind() == 0
        with pytest.raises(Refused):
            review.remind(customer, by=Actor.system(), at=clock.now())
    assert reviews() == []


def test_what_was_reminded_meanwhile_is_not_reminded_again(customer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    steps.with_contact(customer)
    with steps.later(days=400):
        Review.objects.create(customer=customer, reminded_at=clock.now() - timedelta(seconds=1))
        monkeypatch.setattr(review, "due", lambda _at: User.objects.all())
        assert tasks.remind() == 0
    assert reviews() == []


def test_former_contacts_are_forgotten_and_present_ones_are_not(customer: User) -> None:
    at = clock.now()
    kept = steps.with_contact(customer)
    steps.with_contact(customer, "gone@example.org").remove(at)
    for name in ("no", "silent"):
        made = Contact.objects.create(customer=customer, name="A", address=f"{name}@example.org", invited_at=at)
        if name == "no":
            made.decline(at)
    with steps.later(days=30):
        assert retention.forget(clock.now(), 9) == 0
    with steps.later(days=31, minutes=1):
        assert retention.forget(clock.now(), 9) == 3
    assert list(Contact.objects.all()) == [kept]
