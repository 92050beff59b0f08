"""A helped recovery from the call to a signed-in customer, and what each step needs."""


import pytest
from django.test import Client

from accounts.models import Totp
from ciam_portal.audit.models import AuditEntry
from recovery import tasks
from recovery.policy.states import State
from tests import factories
from tests.recovery import steps
from tests.recovery.desk.people import Desk, open_link, the_link
from tests.recovery.steps import Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(db: None) -> Desk:
    return Desk()


@pytest.mark.control("v5.0.0-6.4.4")
def test_from_the_call_to_a_new_factor_in_a_browser_never_seen_before(team: Desk) -> None:
    owner = team.customer
    case = team.begin()
    assert {mail.to for mail in steps.news("desk_opened")} == {owner.email, steps.PHONE}
    assert team.ask_read_back(case)
    assert team.read_back(case)
    team.call(case)
    team.document(case)
    assert len(steps.news("desk_shown")) == 3 * 2
    case = team.propose(case)
    assert case.state == State.PROPOSED
    case = team.approve(case)
    assert (case.state, case.key_digest, case.risk) == (State.COOLING_OFF, "", None)
    assert {mail.to for mail in steps.news("desk_waits")} == {owner.email, steps.PHONE}
    with steps.later(days=2):
        assert tasks.sweep() == 0
    with steps.later(days=3, minutes=1):
        assert tasks.sweep() == 1
        assert tasks.sweep() == 0
        sent = [mail for mail in factories.outbox() if mail.kind == "recovery_finish"]
        assert [mail.to for mail in sent] == [owner.email]
        assert {mail.to for mail in steps.news("desk_ready")} == {owner.email, steps.PHONE}
        person = Person(Client())
        page = open_link(person.client, the_link())
        assert page.redirect_chain[-1][0] == "/recover/finish/"
        assert "Your account is yours again" in person.finish().text
    case.refresh_from_db()
    owner.refresh_from_db()
    assert case.state == State.COMPLETED
    assert owner.check_password(steps.NEW)
    assert Totp.objects.get(user=owner).bin_key != steps.SEED
    names = set(AuditEntry.objects.filter(about=owner.pk).values_list("name", flat=True))
    assert names >= {
        "recovery.desk_began", "recovery.desk_asked", "recovery.desk_noted", "recovery.proposed", "recovery.approved",
        "recovery.ready", "recovery.link_sent", "recovery.claimed", "recovery.completed",
    }  # fmt: skip
