"""Two agents see a person and their document; what comes of it, how it ends, and accounts that look alike."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import IdentityCheck, IdentityEvidence, IdentityTraining, IdentityTwin
from accounts.proofing import facts, policy, tasks
from accounts.proofing.flows import checks, desk, evidence
from accounts.proofing.shapes import Found, Shown, State, Why
from ciam_portal.core import clock
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.errors import Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.policy.identity import Identity
from ciam_portal.core.roles import Role
from tests import factories
from tests.accounts.proofing.conftest import PASSPORT, Party, agent, party
from tests.factories import Message

pytestmark = pytest.mark.django_db
Outbox = Callable[[], list[Message]]
Shows = Callable[..., IdentityCheck]
R = policy.Reason


def level(who: Party) -> Identity:
    return facts.level(who.user, clock.now())


def refused(verb: Callable[[], object]) -> object:
    with pytest.raises(Refused) as caught:
        verb()
    return caught.value.reason


@pytest.mark.control("63A 3.10(1)", "63A 3.10(2)", "63A 3.10(3)", "63A 3.10(4)", "63A 4.1.11")
def test_two_see_it_and_it_counts_until_it_ends(ada: Party, shows: Shows, outbox: Outbox) -> None:
    assert level(ada) is Identity.ADDRESS
    check = shows(ada)
    assert (check.state, check.noted, check.sealed) == (State.PASSED, "", "")
    row = IdentityEvidence.objects.get()
    assert facts.person(row) == facts.Person("Ada Lovelace", PASSPORT.birth_date)
    assert level(ada) is Identity.DOCUMENT
    assert row.expires_at - row.given_at == timedelta(days=limits.current().proofing.evidence_days)
    mail = outbox()[-1]
    assert (mail.kind, mail.words["what"]) == ("identity_changed", "proven")
    with time_machine.travel(row.expires_at, tick=False):
        assert level(ada) is Identity.ADDRESS


@pytest.mark.control("63A 3.5(3)")
def test_nothing_that_was_shown_can_be_read_in_the_database(ada: Party, shows: Shows) -> None:
    shows(ada)
    rows = [*IdentityEvidence.objects.values(), *IdentityCheck.objects.values(), *AuditEntry.objects.values()]
    stored = str(rows)
    assert not [word for word in ("Lovelace", "1990-12", "C01X", "0006H") if word in stored]


def test_the_same_person_never_decides_and_nobody_who_was_not_trained(ada: Party) -> None:
    check, erin = ada.starts(), agent()
    assert refused(lambda: agent(trained=False).notes(check)) is R.NOT_TRAINED
    assert refused(lambda: agent().decides(check)) is R.NOTHING_NOTED
    erin.notes(check)
    assert refused(lambda: erin.decides(check)) is R.SAME_PERSON
    assert refused(lambda: agent().notes(check)) is R.OVER
    assert refused(ada.starts) is R.RUNNING
    assert not IdentityEvidence.objects.exists()


@pytest.mark.control("63A 3.2.1(5)")
def test_a_no_counts_says_nothing_and_three_are_enough(ada: Party, outbox: Outbox) -> None:
    for why in (Why.FORGED, Why.NOT_THE_PERSON, Why.EXPIRED_DOCUMENT):
        check = ada.starts()
        agent().notes(check)
        agent().decides(check, why)
    mails = [mail.words | {"when": ""} for mail in outbox() if mail.kind == "identity_news"]
    assert len(mails) == 3
    assert all(mail == mails[0] for mail in mails)
    assert refused(ada.starts) is R.TOO_OFTEN
    bob = party()
    check = bob.starts()
    agent().notes(check)  # the same document
    assert refused(lambda: agent().decides(check)) is R.NOT_CONFIRMED


def test_it_is_over_in_time_and_announced_before_it_ends(ada: Party, shows: Shows, outbox: Outbox) -> None:
    check = ada.starts()
    with time_machine.travel(check.expires_at, tick=False):
        assert tasks.sweep() == 1
    check.refresh_from_db()
    assert check.state == State.EXPIRED
    shows(ada)
    row = IdentityEvidence.objects.get()
    with time_machine.travel(row.expires_at - timedelta(days=limits.current().proofing.reminder_days), tick=False):
        assert tasks.sweep() == 1
        assert tasks.sweep() == 0
    assert [mail.words["step"] for mail in outbox() if mail.kind == "identity_news"] == ["due"]


def test_what_is_shown_again_takes_the_place_of_what_was(ada: Party, shows: Shows) -> None:
    shows(ada)
    shows(ada)
    assert IdentityEvidence.objects.filter(customer=ada.user).count() == 1


@pytest.mark.parametrize(
    ("other", "alike"),
    [
        ({}, True),
        ({"name": "LOVELACE, Àda", "number": "x"}, True),
        ({"name": "Ada King", "number": "c01x 0006h"}, True),
        ({"name": "Ada King", "number": "X"}, False),
        ({"birth_date": PASSPORT.birth_date.replace(day=11), "number": "X"}, False),
        ({"issuer": "SE"}, False),
    ],
)
def test_who_looks_alike(ada: Party, shows: Shows, other: dict[str, Any], alike: bool) -> None:
    shows(ada)
    bob = party()
    found = facts.alike(bob.user, replace(PASSPORT, **other), clock.now())
    assert found == ([ada.user.pk] if alike else [])


@pytest.mark.control("63A 5.1/a")
@pytest.mark.parametrize(
    ("found", "counts"), [(Found.DIFFERENT, True), (Found.BOTH_ALLOWED, True), (Found.ONE_ACCOUNT, False)]
)
def test_what_looks_like_anothers_waits_for_two(
    ada: Party, shows: Shows, outbox: Outbox, found: Found, counts: bool
) -> None:
    shows(ada)
    bob = party()
    shows(bob)
    assert level(bob) is Identity.ADDRESS
    assert ada.user.email not in str([mail.words for mail in outbox() if mail.to == bob.user.email])
    twin = IdentityTwin.objects.get(customer=bob.user)
    erin, frank = agent(), agent()

    def says(who: Party, what: Found) -> bool:
        who.opens(bob.user)
        return evidence.find(twin, what, who.user, who.session, by=who.by, at=clock.now())

    assert not says(erin, Found.NOT_THEIRS)
    assert not says(erin, found)
    assert refused(lambda: says(erin, found)) is R.SAME_PERSON
    assert says(frank, found)
    assert refused(lambda: says(agent(), found)) is R.SETTLED
    assert (level(bob) is Identity.DOCUMENT) == counts
    assert IdentityEvidence.objects.filter(customer=bob.user).exists() == counts
    assert level(ada) is Identity.DOCUMENT


def test_an_administrator_says_who_is_trained_of_others_only(ada: Party) -> None:
    boss = agent(Role.ADMINISTRATOR, trained=False)
    erin = agent(trained=False)
    desk.train(erin.user, boss.user, boss.session, by=boss.by, at=clock.now())
    assert IdentityTraining.objects.filter(person=erin.user).exists()
    desk.untrain(erin.user, boss.user, boss.session, by=boss.by, at=clock.now())
    assert not IdentityTraining.objects.exists()
    for person in (boss.user, ada.user):
        with pytest.raises(Refused):
            desk.train(person, boss.user, boss.session, by=boss.by, at=clock.now())


def test_the_page_begins_stops_and_removes(ada: Party, shows: Shows) -> None:
    assert ada.client.get("/identity/").status_code == HTTPStatus.OK
    ada.client.post("/identity/attended/start/")
    check = IdentityCheck.objects.get()
    page = ada.client.get("/identity/").content.decode()
    assert check.reference in page
    assert "Held(" not in page
    ada.client.post(f"/identity/checks/{check.pk}/stop/")
    assert ada.client.post(f"/identity/checks/{check.pk}/stop/").status_code == HTTPStatus.FOUND  # pressed twice
    check.refresh_from_db()
    assert check.state == State.WITHDRAWN
    shows(ada)
    row = IdentityEvidence.objects.get()
    assert "Ada Lovelace" in ada.client.get("/identity/").content.decode()
    stranger = party()
    assert stranger.client.post(f"/identity/evidence/{row.pk}/remove/").status_code == HTTPStatus.NOT_FOUND
    assert stranger.client.post(f"/identity/checks/{check.pk}/stop/").status_code == HTTPStatus.NOT_FOUND
    assert stranger.client.post("/identity/nobody/start/").status_code == HTTPStatus.FOUND
    ada.client.post(f"/identity/evidence/{row.pk}/remove/")
    assert not IdentityEvidence.objects.exists()
    assert level(ada) is Identity.ADDRESS


@pytest.mark.control("63A 3.16(2)")
def test_who_has_a_second_step_shows_it_first(ada: Party) -> None:
    client = Client()
    factories.signed_in(client, ada.user, (Method.EMAIL_CODE,), clock.now() - timedelta(hours=2))
    assert client.post("/identity/attended/start/").status_code != HTTPStatus.OK
    assert not IdentityCheck.objects.exists()


def test_late_is_over(ada: Party) -> None:
    check = ada.starts()
    shown: Shown = PASSPORT
    with time_machine.travel(check.expires_at, tick=False):
        assert refused(lambda: checks.passed(checks.locked(check), shown, by=ada.by, at=clock.now())) is R.OVER
        assert refused(lambda: checks.fail(check, Why.FORGED, by=ada.by, at=clock.now())) is R.OVER
        assert refused(lambda: checks.stop(check, by=ada.by, at=clock.now())) is R.OVER
        session = factories.signed_in(Client(), ada.user, (Method.PASSWORD, Method.TOTP))
        assert replace(ada, session=session).starts().pk != check.pk  # and a new one can begin at once
