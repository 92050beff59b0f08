"""A child is added by an adult, has an account that nobody signs in to, and a guardian acts and answers for it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.urls import reverse

from accounts.account import flows as account
from accounts.customer import addresses
from accounts.models import Session, Totp, User
from ciam_portal.core import clock, mailbox
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.models import AuditEntry
from ciam_portal.core.errors import ProveMore, Refused
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Allow, Decision, Deny
from consent.delegation import facts as delegations
from consent.delegation import flows as delegation
from consent.delegation.policy import Reason as NotDelegated
from consent.delegation.policy import has_amount, may_act
from consent.delegation.shapes import Kind
from consent.erasure import flows as erasure
from consent.erasure.policy import Reason as NotErased
from consent.family import facts, flows, policy
from consent.family.policy import Adding, Consenting, Reason
from consent.family.shapes import What
from consent.models import ConsentRecord, Delegation, Dependant, Family, Membership
from consent.models import ParentalResponsibility as Responsibility
from consent.purposes import facts as purposes
from consent.records import flows as choices
from consent.records import tasks
from consent.records.flows import Saying
from consent.records.policy import GivenBy, Says, State
from tests.consent.delegation.conftest import Party
from tests.consent.family.conftest import MIA, added, row_of

pytestmark = pytest.mark.django_db
NOON, RULES = datetime(2026, 11, 27, 12, tzinfo=UTC), limits.load()
YEAR, SECOND = timedelta(days=365), timedelta(seconds=1)
ADDS = Adding(
    is_self=True, has_second_step=True, is_grown_up=True, says_responsible=True, is_there=False,
    born_at=NOON - 8 * YEAR, consent_at=NOON + 8 * YEAR, adult_at=NOON + 10 * YEAR,
)  # fmt: skip
ANSWERS = Consenting(is_guardian=True, is_protected=False, consent_at=NOON + YEAR, adult_at=NOON + 3 * YEAR)
NEWS = "product_news"


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"is_self": False}, Deny(Reason.NOT_YOURS)),
        ({"has_second_step": False}, Deny(Reason.NO_SECOND_STEP)),
        ({"is_grown_up": False}, Deny(Reason.NOT_ADULT)),
        ({"says_responsible": False}, Deny(Reason.NOT_RESPONSIBLE)),
        ({"is_there": True}, Deny(Reason.THERE)),
        ({"children": RULES.family.children - 1}, Allow()),
        ({"children": RULES.family.children}, Deny(Reason.TOO_MANY)),
        ({"born_at": NOON}, Allow()),
        ({"born_at": NOON + SECOND}, Deny(Reason.BORN_LATER)),
        ({"born_at": None}, Deny(Reason.BORN_LATER)),
        ({"consent_at": NOON - SECOND}, Allow()),  # a teenager
        ({"consent_at": NOON - 3 * YEAR, "adult_at": NOON + SECOND}, Allow()),
        ({"consent_at": NOON - 3 * YEAR, "adult_at": NOON}, Deny(Reason.GROWN_UP)),
    ],
)
def test_who_may_add_a_child(change: dict[str, Any], answer: Decision) -> None:
    assert policy.may_add(replace(ADDS, **change), limits=RULES, at=NOON) == answer
    assert policy.may_add(Adding(), limits=RULES, at=NOON) == Deny(Reason.NOT_YOURS)


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({}, Allow()),
        ({"is_guardian": False}, Deny(Reason.NOT_YOURS)),
        ({"is_protected": True}, Deny(Reason.PROTECTED)),
        ({"consent_at": NOON + SECOND}, Allow()),
        ({"consent_at": NOON}, Deny(Reason.OF_AGE)),
        ({"consent_at": None}, Allow()),  # unknown: a child
    ],
)
def test_who_may_answer_for_a_child(change: dict[str, Any], answer: Decision) -> None:
    assert policy.may_consent(replace(ANSWERS, **change), limits=RULES, at=NOON) == answer
    assert policy.may_consent(Consenting(), limits=RULES, at=NOON) == Deny(Reason.NOT_YOURS)


def test_a_guardians_yes_counts_two_years_at_most_and_never_beyond_the_age() -> None:
    two_years = NOON + timedelta(days=RULES.family.consent_days)
    assert policy.consent_until(NOON + YEAR, NOON, limits=RULES) == NOON + YEAR
    assert policy.consent_until(NOON + 9 * YEAR, NOON, limits=RULES) == two_years
    assert policy.consent_until(None, NOON, limits=RULES) == two_years


def may(row: Delegation, at: datetime | None = None) -> Decision:
    at = at or clock.now()
    return may_act(delegations.acting(row.pk, at=at), limits=limits.current(), at=at)


def refused(verb: Callable[[], object]) -> object:
    with pytest.raises(Refused) as found:
        verb()
    return found.value.reason


@pytest.mark.control("v5.0.0-8.2.1")
def test_a_child_has_an_account_that_nobody_signs_in_to_and_a_guardian_acts_for_it(ada: Party, outbox: Any) -> None:
    found = added(ada)
    row, person = row_of(found), found.child
    assert (person.has_usable_password(), addresses.proven(person), person.shown_email) == (False, [], "")
    assert (row.kind, row.owner, row.delegate, may(row)) == (Kind.GUARDIAN, person, ada.user, Allow())
    assert set(row.scopes) == {"openid", "profile"}
    assert not any(has_amount(each, limits.current()) for each in row.actions)
    roles = Membership.objects.filter(family=Family.objects.get()).values_list("person", "role")
    assert set(roles) == {(ada.user.pk, "guardian"), (person.pk, "child")}
    assert [(mail.to, mail.words["who"]) for mail in outbox()] == [("ada@example.com", "Mia")]
    told = AuditEntry.objects.filter(name="family.child_added").values_list("about", "data__other")
    assert {(str(about), other) for about, other in told} == {
        (str(ada.user.pk), str(person.pk)), (str(person.pk), str(ada.user.pk)),
    }  # fmt: skip
    assert account.remove_never_proven(10, by=Actor.system(), at=clock.now() + 2 * YEAR) == 0
    with pytest.raises(mailbox.NoMailbox):
        mailbox.canonical(person.email)


def test_nothing_is_kept_of_a_child_before_it_is_added(ada: Party, party: Callable[..., Party]) -> None:
    weak = party("weak@example.com", second=False)
    assert b"second step first" in weak.client.post(reverse("consent:family_add"), {"name": "Mia"}).content
    Session.objects.filter(pk=ada.session.pk).update(level_at=clock.now() - timedelta(minutes=11))
    answer = ada.client.post(reverse("consent:family_add"), {"name": "Mia", "born_on": "2018-05-01"})
    assert answer.status_code == 302
    with pytest.raises(ProveMore):
        added(Party(ada.user, ada.client, Session.objects.get(pk=ada.session.pk)))
    assert (Dependant.objects.count(), Delegation.objects.count()) == (0, 0)
    assert not any("Mia" in str(value) for value in dict(ada.client.session).values())


def test_the_page_adds_a_child_once_and_says_what_is_wrong(ada: Party) -> None:
    typed = {"name": "Mia", "born_on": "2018-05-01", "country": "DE", "timezone": "Europe/Berlin", "says_adult": "on"}
    add = reverse("consent:family_add")
    page = ada.client.post(add, typed)
    assert (page.status_code, b"responsible for this child by law" in page.content) == (409, True)
    for change in ({"born_on": "31.02.2018"}, {"born_on": "1018-05-01"}, {"country": "QQ"}, {"name": "a\u202eb"}):
        assert ada.client.post(add, typed | {"says_responsible": "on"} | change).status_code == 200
    assert ada.client.post(add, typed | {"says_responsible": "on"})["Location"] == reverse("consent:family")
    assert b"added this child already" in ada.client.post(add, typed | {"says_responsible": "on"}).content
    shown = ada.client.get(reverse("consent:family")).content.decode()
    assert all(words in shown for words in ("Mia", "1 May 2018", "Germany", "You, until 1 May 2034"))
    assert "no-mailbox" not in shown + ada.client.get(reverse("consent:acts_for")).content.decode()


def test_a_child_that_others_answer_for_adds_none(ada: Party, mia: Responsibility) -> None:
    assert not facts.adding(mia.child, MIA, by=ada.by, at=clock.now()).is_grown_up


def test_what_is_a_familys_no_side_ends_or_changes_as_a_delegation(ada: Party, mia: Responsibility) -> None:
    row, at = row_of(mia), clock.now()
    assert refused(lambda: delegation.end(row, by=ada.by, at=at)) == NotDelegated.FAMILY
    child = replace(ada.by, id=mia.child_id)
    for verb in (delegation.end, delegation.pause):
        assert refused(lambda verb=verb: verb(row, by=child, at=at)) == NotDelegated.FAMILY  # type: ignore[misc]
    assert refused(lambda: delegation.narrow(row, row.terms, by=child, at=at)) == NotDelegated.FAMILY
    assert refused(lambda: delegation.end_all(mia.child, by=child, at=at)) == NotDelegated.NOT_OPEN
    with transaction.atomic():
        assert delegation.life.stop_since(mia.child_id, at, by=ada.by, at=at) == 0
    assert may(row) == Allow()


def test_without_a_second_step_a_guardian_does_nothing(ada: Party, mia: Responsibility) -> None:
    Totp.objects.all().delete()
    assert may(row_of(mia)) == Deny(NotDelegated.NO_SECOND_STEP)


def test_the_last_guardian_cannot_delete_the_account(ada: Party, mia: Responsibility) -> None:
    assert refused(lambda: erasure.ask(ada.user, ada.session, by=ada.by, at=clock.now())) == NotErased.LAST_GUARDIAN


def says(row: Delegation, says: Says, at: datetime) -> Any:
    by = Actor(ActorKind.CUSTOMER, row.delegate_id, Channel.WEB).for_owner(row.owner_id)
    return flows.answer(row, Saying(NEWS, says, text(at)), by=by, at=at)


def text(at: datetime) -> UUID:
    return purposes.active(at)[NEWS].version


@pytest.mark.control("v5.0.0-8.2.2")
def test_a_guardian_says_yes_for_a_child_and_it_is_marked_as_theirs(ada: Party, mia: Responsibility) -> None:
    row, at = row_of(mia), clock.now()
    event = says(row, Says.YES, at)
    assert (event.given_by, event.actor, event.state) == (GivenBy.GUARDIAN, ada.user.pk, State.GIVEN)
    assert event.expires_at is not None
    assert event.expires_at <= at + timedelta(days=RULES.family.consent_days)
    rows = AuditEntry.objects.filter(name="family.answered_for_child", about=ada.user.pk)
    assert [(each.actor, each.on_behalf_of) for each in rows] == [(ada.user.pk, mia.child_id)]
    # Whoever else acts for somebody does not.
    assert refused(lambda: choices.answer(mia.child, NEWS, Says.NO, by=ada.by, at=at)) is not None
    Responsibility.objects.update(until_at=at)
    assert refused(lambda: says(row, Says.YES, at)) == Reason.NOT_YOURS


def test_what_was_said_for_a_child_pauses_at_the_age_until_the_young_person_says_it(ada: Party) -> None:
    born_on = date(clock.now().year - 15, 5, 1)
    found = added(ada, born_on=born_on)
    row, child = row_of(found), Dependant.objects.select_related("person").get(person=found.child)
    of_age = facts.comes_of(child, What.CONSENT, clock.now())
    assert says(row, Says.YES, clock.now()).expires_at == of_age
    record = ConsentRecord.objects.select_related("version").get(subject=child.person)
    own = replace(ada.by, id=child.person_id)
    assert choices.expire(record, by=Actor.system(), at=of_age) is State.PAUSED
    assert refused(lambda: says(row, Says.YES, of_age)) == Reason.OF_AGE
    affirmed = choices.answer(child.person, NEWS, Says.YES, text(of_age), by=own, at=of_age)
    assert (affirmed.given_by, affirmed.state) == (GivenBy.SELF, State.GIVEN)
    assert tasks.expire() == 0


def test_the_page_of_a_childs_choices(ada: Party, mia: Responsibility) -> None:
    row = row_of(mia)
    ada.client.post(reverse("consent:acting_begin", args=[row.pk]))
    page = ada.client.get(reverse("consent:acting_choices", args=[row.pk]))
    assert b"Their privacy choices" in page.content
    choose = reverse("consent:acting_choose", args=[row.pk])
    typed = {"purpose": NEWS, "says": "yes", "read": page.context["read"]}
    assert ada.client.post(choose, typed | {"read": ""}).status_code == 409
    assert ada.client.post(choose, typed | {"purpose": "nothing"}).status_code == 409
    assert ada.client.post(choose, typed)["Location"] == reverse("consent:acting_choices", args=[row.pk])
    assert ConsentRecord.objects.get(subject=mia.child).given_by == GivenBy.GUARDIAN
    User.objects.filter(pk=mia.child_id).update(locale="de")
    Dependant.objects.update(born_on=date(clock.now().year - 17, 1, 1))
    page = ada.client.get(reverse("consent:acting_choices", args=[row.pk]))
    assert b"old enough where they live" in page.content
    assert b'name="says"' not in page.content
    assert ada.client.post(choose, typed).status_code == 409
