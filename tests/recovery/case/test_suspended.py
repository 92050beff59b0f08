"""A recovery of an account that staff have suspended: it is shown and waits, and is finished only afterwards."""

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from ciam_portal.core import clock
from ciam_portal.core.audit.models import DecisionEntry
from recovery.case import tasks
from recovery.case.policy.states import State
from tests.recovery import steps
from tests.recovery.steps import Person

pytestmark = pytest.mark.django_db


def test_it_waits_and_is_finished_at_the_instant_the_suspension_ends(customer: User) -> None:
    steps.with_app(customer)
    steps.with_phone(customer)
    until = clock.now() + timedelta(days=9)
    User.objects.filter(pk=customer.pk).update(suspended_until=until)
    person = Person(Client())
    assert "Please wait until" in person.two_codes(customer.email).text
    with steps.later(days=7, minutes=1):
        assert tasks.sweep() == 1
        page = person.finish()
        assert page.status_code == 403
        assert "This account is paused for a while" in page.text
        assert f"{until:%-d %B %Y, %H:%M}" in page.text
    case = steps.case_of(customer)
    assert case.state == State.COOLING_OFF
    held = DecisionEntry.objects.get(action="complete_recovery", answer="hold")
    assert (held.reason, held.detail["until"]) == ("suspended", until.isoformat())
    customer.refresh_from_db()
    assert not customer.check_password(steps.NEW)
    cache.clear()
    with time_machine.travel(until, tick=True):
        assert "Your account is yours again" in person.finish().text
    case.refresh_from_db()
    assert case.state == State.COMPLETED
