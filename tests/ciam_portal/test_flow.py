"""One transaction, no unrecorded success, refusals kept; the audit that nobody can change."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import User
from ciam_portal.core import gate
from ciam_portal.core.audit.actor import Actor, Channel
from ciam_portal.core.audit.events import AuditEvent, Code
from ciam_portal.core.audit.facts import as_json
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.audit.record import record
from ciam_portal.core.errors import ProveMore, Refused
from ciam_portal.core.flow import NothingRecorded, delegable, flow, require
from ciam_portal.core.policy.assurance import Level
from ciam_portal.core.policy.decision import Allow, Decision, Deny, StepUp
from ciam_portal.core.policy.limits import Limits
from ciam_portal.core.policy.question import question
from tests import factories

pytestmark = pytest.mark.django_db


class Reason(StrEnum):
    NO = "no"


@dataclass(frozen=True, slots=True)
class Happened(AuditEvent):
    name: ClassVar[str] = "test.happened"
    count: int


@dataclass(frozen=True, slots=True)
class Facts:
    mood: Code


@question("test.may")
def may(facts: Facts, *, limits: Limits, at: datetime) -> Decision:
    match facts.mood:
        case "good":
            return Allow()
        case "so-so":
            return StepUp(Level.AAL2, Reason.NO, 60)
        case _:
            return Deny(Reason.NO)


@flow
def rename(person: User, name: str, mood: str, *, by: Actor, at: datetime) -> None:
    User.objects.filter(pk=person.pk).update(name=name)
    require(may, Facts(Code(mood)), about=person.pk, by=by, at=at)
    record(Happened(count=1), about=person.pk, by=by, at=at)


@flow
def outer(person: User, *, by: Actor, at: datetime) -> None:
    record(Happened(count=2), about=person.pk, by=by, at=at)
    rename(person, "inner", "bad", by=by, at=at)


@flow
def silent(person: User, *, by: Actor, at: datetime) -> None:
    User.objects.filter(pk=person.pk).update(name="unseen")


def test_success_leaves_change_decision_and_event(customer: User, by: Actor, noon: datetime) -> None:
    rename(customer, "Ada", "good", by=by, at=noon)
    customer.refresh_from_db()
    assert customer.name == "Ada"
    assert AuditEntry.objects.get(name="test.happened").about == customer.pk
    assert DecisionEntry.objects.get().answer == "allow"


def test_a_refusal_changes_nothing_and_is_kept(customer: User, by: Actor, noon: datetime) -> None:
    with pytest.raises(Refused) as refused:
        rename(customer, "Ada", "bad", by=by, at=noon)
    customer.refresh_from_db()
    assert customer.name == ""
    decision = DecisionEntry.objects.get()
    assert (decision.answer, decision.reason, decision.inputs) == ("deny", "no", [{"mood": "bad"}])
    assert refused.value.decision == decision.pk
    entry = AuditEntry.objects.get(name="flow.refused")
    assert (entry.name, entry.decision, entry.about) == ("flow.refused", decision.pk, customer.pk)


def test_nested_flows_leave_one_refusal(customer: User, by: Actor, noon: datetime) -> None:
    with pytest.raises(Refused):
        outer(customer, by=by, at=noon)
    assert [entry.name for entry in AuditEntry.objects.filter(about=customer.pk)] == ["flow.refused"]
    assert AuditEntry.objects.get(about=customer.pk).data["flow"].endswith("outer")


@flow
@delegable
def note(person: User, *, by: Actor, at: datetime) -> None:
    record(Happened(count=3), about=person.pk, by=by, at=at)


def test_whoever_acts_for_another_gets_through_what_says_so_and_through_nothing_else(
    customer: User, by: Actor, noon: datetime
) -> None:
    acting = factories.customer()
    delegate = replace(by, id=acting.pk).for_owner(customer.pk)
    note(customer, by=delegate, at=noon)
    for one in (delegate, replace(by, on_behalf_of=acting.pk), replace(by, channel=Channel.DELEGATED)):
        with pytest.raises(Refused) as refused:
            rename(customer, "Ada", "good", by=one, at=noon)
        assert refused.value.reason == gate.Reason.NEVER_DELEGATED
    customer.refresh_from_db()
    assert customer.name == ""
    kept = AuditEntry.objects.filter(name="flow.refused").first()
    assert kept is not None
    assert (kept.about, kept.actor, kept.on_behalf_of) == (customer.pk, acting.pk, customer.pk)


def test_nobody_acts_for_themselves_or_for_two(by: Actor, customer: User) -> None:
    delegate = replace(by, id=factories.customer().pk)
    assert not delegate.for_owner(customer.pk).is_self(customer.pk)
    for party in (by, delegate.for_owner(customer.pk)):
        with pytest.raises(ValueError, match="for themselves, or for two"):
            party.for_owner(customer.pk)


def test_prove_more_says_how_much(customer: User, by: Actor, noon: datetime) -> None:
    with pytest.raises(ProveMore) as more:
        rename(customer, "Ada", "so-so", by=by, at=noon)
    assert (more.value.to, more.value.within) == (Level.AAL2, 60)


def test_a_success_without_a_trace_is_rolled_back(customer: User, by: Actor, noon: datetime) -> None:
    with pytest.raises(NothingRecorded):
        silent(customer, by=by, at=noon)
    customer.refresh_from_db()
    assert customer.name == ""


@pytest.mark.control("v5.0.0-16.4.2")
@pytest.mark.parametrize("table", ["audit_auditentry", "audit_decisionentry"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET channel = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
def test_nobody_changes_the_audit(customer: User, by: Actor, noon: datetime, table: str, verb: str) -> None:
    rename(customer, "Ada", "good", by=by, at=noon)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(verb.format(table))


@pytest.mark.parametrize("value", ["free text", "a@b.example", "x" * 65, "", b"bytes", {"a": 1}])
def test_nothing_personal_fits_into_an_event(value: object) -> None:
    with pytest.raises(ValueError, match="is not a code"):
        as_json(value)


def test_an_event_with_a_text_field_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Leaky(AuditEvent):
        name: ClassVar[str] = "test.leaky"
        address: str

    with pytest.raises(TypeError, match="address"):
        Leaky("a@b.example").data()
