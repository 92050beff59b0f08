"""Drift and rates: what changed in a week, who is challenged, and the alert that follows."""

import logging
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from accounts.models import Alert, Dispute, RiskState, User
from accounts.watch import card, drift, measures
from accounts.watch import tasks as risk_tasks
from ciam_portal.core import clock
from ciam_portal.core.audit.models import AuditEntry, DecisionEntry
from ciam_portal.core.gate import Trust
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.decision import Risk
from ciam_portal.core.risk.visit import Visit
from tests import factories
from tests.accounts.watch import past

pytestmark = pytest.mark.django_db


@pytest.fixture
def someone(db: None) -> User:
    return factories.customer()


def attempts(someone: User, at: datetime, number: int, **facts: Any) -> None:
    for each in range(number):
        past.decision(someone, at + timedelta(seconds=each), **({"score": 0.0} | facts))


def weeks(someone: User, before: dict[str, float], lately: dict[str, float], number: int = 200) -> datetime:
    at = clock.now()
    attempts(someone, at - timedelta(days=20), number, parts=before)
    attempts(someone, at - timedelta(days=3), number, parts=lately)
    return at


def test_the_same_habits_are_no_drift(someone: User) -> None:
    at = weeks(someone, {"asn": -1.5, "device": 0.2}, {"asn": -1.5, "device": 0.2})
    found = drift.measure(at)
    assert (found.before, found.lately) == (200, 200)
    assert found.psi == {"level": 0.0, "device": 0.0, "asn": 0.0}


def test_other_habits_are_a_drift_of_that_feature_alone(someone: User) -> None:
    at = weeks(someone, {"asn": -1.5, "device": 0.2}, {"asn": 3.0, "device": 0.2})
    found = drift.measure(at)
    assert found.psi["asn"] == round(measures.psi([200, 0], [0, 200]), 4)
    assert found.psi["device"] == 0.0


def test_a_feature_that_is_no_longer_seen_has_drifted(someone: User) -> None:
    at = weeks(someone, {"country": -1.5}, {})
    assert drift.measure(at).psi["country"] > 1.0


def test_a_passed_challenge_is_counted_once(someone: User) -> None:
    at = clock.now()
    attempts(someone, at - timedelta(days=1), 3, risk=Risk.MODERATE, answer="step_up")
    attempts(someone, at - timedelta(hours=23), 3, risk=Risk.MODERATE)  # the same ones, once they had passed
    attempts(someone, at - timedelta(hours=22), 6)
    attempts(someone, at - timedelta(hours=21), 1, risk=Risk.SEVERE, answer="deny")
    attempts(someone, at - timedelta(hours=20), 1, risk=None, answer="step_up", score=None)
    found = drift.measure(at)
    assert (found.lately, found.challenged_lately) == (11, 5)
    assert found.challenge_percent == pytest.approx(100 * 5 / 11)


def test_too_few_sign_ins_say_nothing_and_alert_nobody(someone: User) -> None:
    weeks(someone, {"asn": -1.5}, {"asn": 5.0}, number=199)
    attempts(someone, clock.now() - timedelta(days=1), 0)
    risk_tasks.watch_drift()
    assert RiskState.objects.get(key="drift").data["psi"] == {}
    assert not Alert.objects.exists()


def test_nothing_at_all_is_no_rate() -> None:
    assert drift.measure(clock.now()).challenge_percent is None


def test_drift_is_an_alert_once_a_day_and_a_warning(someone: User, caplog: pytest.LogCaptureFixture) -> None:
    at = weeks(someone, {"asn": -1.5, "device": 0.2}, {"asn": 3.0, "device": 0.2})
    with caplog.at_level(logging.WARNING):
        risk_tasks.watch_drift()
    assert "risk alert drift.asn" in caplog.text
    alert = Alert.objects.get()
    assert alert.kind == "drift.asn"
    assert alert.numbers["psi"] > limits.current().risk.drift_psi
    assert (alert.numbers["before"], alert.numbers["lately"]) == (200, 200)
    assert AuditEntry.objects.get(name="risk.alert_raised").data == {"alert": str(alert.pk), "kind": "drift.asn"}
    with time_machine.travel(at + timedelta(hours=23)):
        risk_tasks.watch_drift()
    assert Alert.objects.count() == 1
    with time_machine.travel(at + timedelta(hours=25)):
        risk_tasks.watch_drift()
    assert Alert.objects.count() == 2


def challenged(someone: User, days: int, number: int, of: int = 200) -> None:
    at = clock.now() - timedelta(days=days)
    attempts(someone, at, number, risk=Risk.MODERATE, answer="step_up")
    attempts(someone, at, of - number)


@pytest.mark.parametrize(
    ("before", "lately", "alerts"),
    [
        ((42, 200), (42, 200), 0),  # 21 %: four times the target, and normal here
        ((42, 200), (60, 200), 0),
        ((42, 200), (100, 200), 1),
        ((2, 200), (20, 200), 1),
        ((2, 200), (6, 200), 0),  # three times as many, and by chance
        ((42, 199), (150, 200), 0),  # nobody knows yet what is normal
        ((0, 0), (150, 200), 0),
    ],
)
def test_challenging_many_more_than_is_normal_here_is_an_alert(
    someone: User, before: tuple[int, int], lately: tuple[int, int], alerts: int
) -> None:
    challenged(someone, 20, *before)
    challenged(someone, 1, *lately)
    risk_tasks.watch_drift()
    found = Alert.objects.filter(kind="challenge_rate")
    assert found.count() == alerts
    for alert in found:
        usual, percent = (round(100 * hits / of, 2) for hits, of in (before, lately))
        assert alert.numbers == {
            "percent": percent, "usual": usual, "target": 5.0, "challenged": lately[0], "attempts": lately[1],
        }  # fmt: skip


def newcomers(someone: User, days: int, number: int, of: int = 200) -> None:
    at = clock.now() - timedelta(days=days)
    attempts(someone, at, number, evidence=past.seen(asn=past.NEW, device=past.KNOWN))
    attempts(someone, at, of - number, evidence=past.seen(asn=past.KNOWN, device=past.KNOWN))


@pytest.mark.parametrize(("before", "lately", "kinds"), [(10, 46, ["newcomers.asn"]), (10, 14, []), (46, 50, [])])
def test_many_more_who_show_something_new_are_an_alert(
    someone: User, before: int, lately: int, kinds: list[str]
) -> None:
    newcomers(someone, 20, before)
    newcomers(someone, 1, lately)
    risk_tasks.watch_drift()
    found = Alert.objects.order_by("kind")
    assert [alert.kind for alert in found] == kinds
    assert all(alert.numbers == {"percent": 23.0, "usual": 5.0, "attempts": 200} for alert in found)
    assert RiskState.objects.get(key="drift").data["newcomers"]["asn"]["new_lately"] == lately


def test_who_was_turned_away_it_seems_wrongly(someone: User) -> None:
    at = clock.now() - timedelta(days=5)

    def stopped(answer: str, hours: float, **facts: Any) -> DecisionEntry:
        return past.decision(someone, at + timedelta(hours=hours), answer=answer, **facts)

    stopped("deny", 0)  # with a device key of theirs, and they came in 71 hours later
    stopped("deny", 0, trust=Trust.NONE)  # without one: it may have been anybody
    stopped("hold", -2)  # 73 hours before
    mistaken = stopped("hold", 0, trust=Trust.NONE)
    Dispute.objects.create(
        customer=someone, decision=mistaken.pk, kind=Dispute.Kind.CONTESTED, state=Dispute.State.CLOSED,
        outcome=Dispute.Outcome.MISTAKEN, opened_at=at, closed_at=at, closed_by=factories.customer().pk,
    )  # fmt: skip
    past.entered(at + timedelta(hours=71), someone)
    other = factories.customer()
    past.decision(other, at, answer="deny")
    past.answered(past.entered(at + timedelta(hours=1), other), "activity.not_me", at + timedelta(hours=2))
    found = drift.turned_away(clock.now())
    assert found == drift.TurnedAway(held=2, falsely_held=1, denied=3, falsely_denied=1)
    (metrics,) = (section for section in card.build(clock.now()) if section.code == "metrics")
    assert ("Held, 30 days; of these it seems wrongly", "2; 1") in metrics.rows
    assert ("Denied, 30 days; of these it seems wrongly", "3; 1") in metrics.rows


def test_segments_tell_who_is_challenged_and_hide_the_rare(someone: User) -> None:
    at = clock.now() - timedelta(days=2)
    for number in range(30):
        row = past.entered(
            at + timedelta(seconds=number), someone, evidence=past.seen(asn=past.KNOWN),
            risk=Risk.MODERATE if number < 6 else Risk.LOW,
        )  # fmt: skip
        if number in {0, 10}:
            past.answered(row, "activity.was_me", at + timedelta(hours=1))
    for number in range(29):
        past.entered(at + timedelta(seconds=number), someone, visit=Visit(country="SE", kind="mobile"), risk=None)
    found = {(row.dimension, row.value): row for row in drift.segments(clock.now())}
    daily = found["how often", "daily"]
    assert (daily.sign_ins, daily.challenged, daily.genuine, daily.genuine_challenged) == (30, 6, 2, 1)
    assert found["country", "NO"] == drift.Segment("country", "NO", 30, 6, 2, 1)
    assert ("country", "SE") not in found
    assert ("device", "mobile") not in found
    assert found["all", "all"].sign_ins == 59
    assert found["all", "all"].challenged == 35  # not known counts as challenged


@pytest.mark.parametrize(
    ("days", "name"),
    [(1.5, "daily"), (5, "several days"), (10, "weekly"), (35, "several weeks"), (36, "rarer")],
)
def test_how_often(someone: User, days: float, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift, "LEAST_SEGMENT", 1)
    evidence = past.seen(asn=past.KNOWN)
    past.entered(clock.now(), someone, evidence=type(evidence)(history=3.0, gap=days * 86_400, asn=past.KNOWN))
    assert ("how often", name) in {
        (row.dimension, row.value) for row in drift.segments(clock.now() + timedelta(minutes=1))
    }
