"""Alerts and the model card on the staff site: who may look, who may acknowledge, and that it is recorded."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Alert, User
from accounts.staff.flows import people as staff
from accounts.watch.admin import MEANINGS
from accounts.watch.flows import alerts as flows
from accounts.watch.policy import alerts as policy
from accounts.watch.policy.alerts import AlertFacts, Reason
from ciam_portal.core import clock
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.decision import Allow, Decision, Deny
from ciam_portal.core.roles import Role
from tests import factories
from tests.conftest import NOON

SignIn = Callable[..., Client]
STRONG = (Method.PASSWORD, Method.TOTP)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (AlertFacts(is_open=True, may_look=True), Allow()),
        (AlertFacts(is_open=False, may_look=True), Deny(Reason.ALREADY_DONE)),
        (AlertFacts(is_open=True, may_look=False), Deny(Reason.NOT_YOURS)),
        (AlertFacts(), Deny(Reason.NOT_YOURS)),
    ],
)
def test_may_acknowledge(facts: AlertFacts, expected: Decision) -> None:
    assert policy.may_acknowledge(facts, limits=limits.load(), at=NOON) == expected


@pytest.mark.parametrize("kind", ["drift.asn", "challenge_rate", "burst.device", "attack.address", "outbox.late"])
def test_every_kind_has_its_meaning(kind: str) -> None:
    assert str(MEANINGS[kind.split(".", maxsplit=1)[0]]).endswith(".")


@pytest.fixture
def alert(db: None) -> Alert:
    made = flows.raise_once("drift.asn", {"psi": 0.4}, by=Actor.system(), at=clock.now())
    assert made is not None
    return made


def person(role: Role) -> User:
    found = factories.customer()
    staff.grant_role(found, role, by=Actor.system(), at=clock.now())
    return User.objects.get(pk=found.pk)


@pytest.fixture
def auditor(db: None) -> User:
    return person(Role.AUDITOR)


def acknowledge(alert: Alert, who: User) -> None:
    flows.acknowledge(alert, who, by=Actor(ActorKind.STAFF, who.pk, Channel.HELP_DESK), at=clock.now())


def test_acknowledging_is_recorded_with_its_decision(alert: Alert, auditor: User) -> None:
    acknowledge(alert, auditor)
    alert.refresh_from_db()
    assert alert.acknowledged_by == auditor.pk
    entry = AuditEntry.objects.get(name="risk.alert_acknowledged")
    assert (entry.actor, entry.data) == (auditor.pk, {"alert": str(alert.pk), "kind": "drift.asn"})
    assert DecisionEntry.objects.get(pk=str(entry.decision)).answer == "allow"


def test_it_is_acknowledged_once_and_only_by_those_whose_duty_it_is(alert: Alert, auditor: User) -> None:
    with pytest.raises(Refused):
        acknowledge(alert, person(Role.AGENT))
    acknowledge(alert, auditor)
    with pytest.raises(Refused):
        acknowledge(alert, person(Role.ADMINISTRATOR))
    alert.refresh_from_db()
    assert alert.acknowledged_by == auditor.pk


@pytest.mark.django_db
def test_the_staff_site_lists_opens_and_acknowledges(alert: Alert, auditor: User, sign_in: SignIn) -> None:
    client = sign_in(auditor, *STRONG)
    assert "drift.asn" in client.get("/staff/accounts/alert/").text
    page = client.get(f"/staff/accounts/alert/{alert.pk}/change/")
    assert "Acknowledge" in page.text
    assert "psi 0.4" in page.text
    assert "What sign-ins show has changed" in page.text
    assert client.get(f"/staff/accounts/alert/{alert.pk}/acknowledge/").status_code == 405
    done = client.post(f"/staff/accounts/alert/{alert.pk}/acknowledge/", follow=True)
    assert "The alert is acknowledged." in done.text
    alert.refresh_from_db()
    assert alert.acknowledged_by == auditor.pk
    again = client.post(f"/staff/accounts/alert/{alert.pk}/acknowledge/")
    assert again.status_code == 403
    assert client.get(f"/staff/accounts/alert/{alert.pk}/change/").text.count("acknowledge/") == 0
    assert client.post("/staff/accounts/alert/00000000-0000-0000-0000-000000000000/acknowledge/").status_code == 404


@pytest.mark.django_db
@pytest.mark.control("v5.0.0-8.2.1")
def test_others_do_not_even_look(alert: Alert, customer: User, sign_in: SignIn) -> None:
    card, act = "/staff/accounts/alert/model-card/", f"/staff/accounts/alert/{alert.pk}/acknowledge/"
    agent = sign_in(person(Role.AGENT), *STRONG)
    for path in ("/staff/accounts/alert/", card):
        assert agent.get(path).status_code == 403
    assert agent.post(act).status_code == 403
    weak = sign_in(person(Role.AUDITOR), Method.PASSWORD, on=Client())
    for path in (card, act):
        assert weak.post(path).status_code == 302
    stranger = sign_in(customer, on=Client())
    assert stranger.get(card).status_code == 302
    alert.refresh_from_db()
    assert alert.acknowledged_at is None


@pytest.mark.django_db
def test_a_form_from_elsewhere_acknowledges_nothing(alert: Alert, auditor: User, sign_in: SignIn) -> None:
    client = sign_in(auditor, *STRONG, on=Client(enforce_csrf_checks=True))
    assert client.post(f"/staff/accounts/alert/{alert.pk}/acknowledge/").status_code == 403
    alert.refresh_from_db()
    assert alert.acknowledged_at is None
