"""Messages ask at the moment of sending: what was taken back meanwhile is not sent; what protects always is."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import pytest
from django.core import mail

from accounts.account.notices import PasswordChanged
from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor
from ciam_portal.core.outbox import tasks
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.outbox.tell import tell
from consent.models import PurposeVersion, Use
from consent.records import flows
from consent.records.policy import Says

pytestmark = pytest.mark.django_db


@dataclass(frozen=True, slots=True)
class News(PasswordChanged):
    """Something new, in the words of another message."""

    purpose: ClassVar[str] = "product_news"


@pytest.fixture
def say(customer: User, by: Actor) -> Callable[[Says], object]:
    version = PurposeVersion.objects.get(purpose__key="product_news", state="active").pk
    return lambda says: flows.answer(customer, "product_news", says, version, by=by, at=clock.now())


def deliver() -> Notice:
    row = Notice.objects.get()
    tasks.deliver(notice=str(row.pk))
    row.refresh_from_db()
    return row


def test_news_go_to_who_wants_them(customer: User, say: Callable[[Says], object]) -> None:
    say(Says.YES)
    tell(customer, News(), to=[customer.email], at=clock.now())
    assert deliver().state == Notice.State.SENT
    used = Use.objects.get(purpose="product_news")
    assert (used.result, used.way, used.event, used.partner) == ("allowed", "mail", 1, None)


@pytest.mark.parametrize("answers", [(), (Says.NO,), (Says.YES, Says.NO)])
def test_what_is_queued_is_not_sent_after_a_no(
    customer: User, say: Callable[[Says], object], answers: tuple[Says, ...]
) -> None:
    tell(customer, News(), to=[customer.email], at=clock.now())
    for says in answers:
        say(says)
    row = deliver()
    assert (row.state, row.trouble, row.sealed) == (Notice.State.REFUSED, "not permitted", "")
    assert not mail.outbox
    assert Use.objects.get(purpose="product_news").result == "refused"


def test_security_notices_cannot_be_refused(customer: User) -> None:
    tell(customer, PasswordChanged(), to=[customer.email], at=clock.now())
    User.objects.update(is_active=False)
    assert deliver().state == Notice.State.SENT
    assert Use.objects.get(purpose="security_notices").result == "allowed"
