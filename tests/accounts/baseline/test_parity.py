"""One log, judged by the evaluation and by what decides at the door: every number of both is the same."""

from dataclasses import asdict, fields, replace
from typing import Any

import pytest

from accounts.baseline import flows as learning
from accounts.baseline import history
from accounts.baseline.history import Seen
from accounts.budgets import velocity
from accounts.models import User
from accounts.sign_in import flows
from accounts.step_up import facts
from ciam_portal.core import clock, gate, network
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.audit.facts import of_question
from ciam_portal.core.audit.models import DecisionEntry
from ciam_portal.core.crypto import codes
from ciam_portal.core.policy.assurance import Method
from ciam_portal.core.risk.assess import assess
from ciam_portal.core.risk.evidence import Evidence
from ciam_portal.core.risk.parameters import DAY, HOUR
from ciam_portal.core.risk.signals import Pace
from tests.bench.evaluation.judge import Judge
from tests.bench.evaluation.memory import Memory
from tests.bench.evaluation.rows import Row
from tests.factories import customer as new_customer

pytestmark = pytest.mark.django_db

METHODS = (Method.PASSWORD, Method.TOTP)
OF_A_LOG = (
    "seconds_since_last_use", "failures_on_account", "failures_from_address", "accounts_from_address",
    "accounts_from_asn", "accounts_from_asn_usual", "sources_on_account", "country_changed_seconds",
)  # fmt: skip


def row(number: int, second: float, **change: Any) -> Row:
    """The usual sign-in of one of the customers."""
    usual = Row(
        index="", second=second, user=str(number), address=f"198.51.100.{number}", country="NO", asn="64500",
        agent="Firefox 145", browser="Firefox", system="Linux", kind="desktop", success=True, attack=False,
        takeover=False, device=f"key{number}",
    )  # fmt: skip
    return replace(usual, **change)


def a_log() -> list[Row]:
    """A week of a few customers; then somebody takes over six of them within minutes, from abroad."""
    start = float(int(clock.now().timestamp()) // 3600 * 3600) - 9 * DAY
    rows = [row(number, start + day * DAY + number * 60) for day in range(7) for number in range(7)]
    rows += [
        row(3, start + 1.5 * DAY, asn="64501", address="192.0.2.9"),
        row(4, start + 2.5 * DAY, country="SE", asn="64502", address="192.0.2.10"),
        row(5, start + 3.5 * DAY, device="phone5", agent="Safari 26", browser="Safari", system="iOS", kind="mobile"),
        *(row(6, start + 4.5 * DAY + n, success=False, address=f"192.0.2.{20 + n}") for n in range(4)),
        row(6, start + 4.5 * DAY + 30),
        *(row(n, start + 5.5 * DAY + n, success=False, address="192.0.2.77") for n in range(7)),
        row(1, start + 5.5 * DAY + 60, address="192.0.2.77"),
        row(1, start + 5.5 * DAY + 3 * HOUR, address="192.0.2.77"),
    ]
    burst = {"country": "RO", "asn": "65010", "address": "203.0.113.5", "device": "theirs", "agent": "Chrome 142"}
    rows += [row(n, start + 7.4 * DAY + n * 60, takeover=True, browser="Chrome", **burst) for n in range(6)]
    return sorted(rows, key=lambda each: each.second)


class Door:
    """The portal itself, as far as it weighs and learns; the browsers keep what they are given."""

    def __init__(self) -> None:
        self.people: dict[str, User] = {}
        self.cookies: dict[str, str] = {}

    def see(self, row: Row) -> gate.Facts | None:
        """What the gate was asked about."""
        at, who = row.at, self.people.get(row.user) or self.people.setdefault(row.user, new_customer())
        by = Actor(ActorKind.CUSTOMER, who.pk, Channel.WEB)
        seen = Seen(row.address, row.country, int(row.asn), row.agent, row.browser, row.system, row.kind)
        while learning.learn_population(by=Actor.system(), at=at):
            history.SUMS.clear()
        if not row.success:
            velocity.failed(facts.source_of(who.email, seen), at)
            return None
        browser = flows.Browser(self.cookies.get(row.device, ""), codes.new_token()[:40], seen)
        _, admitted = flows.assess(who, METHODS, browser, breached=None, by=by, at=at)
        if row.teaches:
            entered = flows.begin(who, admitted, browser, by=by, at=at)
            self.cookies[row.device] = entered.cookie
        entry = DecisionEntry.objects.get(pk=str(admitted.decision))
        found: gate.Facts = of_question(gate.decide, entry.inputs)[1]
        return found


def numbers(evidence: Evidence | None) -> dict[str, Any]:
    """Every number of it by its place."""
    found: dict[str, Any] = {}
    for name, value in asdict(evidence or Evidence()).items():
        found |= {f"{name}.{part}": each for part, each in value.items()} if isinstance(value, dict) else {name: value}
    return found


def test_the_evaluation_judges_as_the_door_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "prefix", lambda _address: "")  # a log has none
    door, judge, bursts = Door(), Judge(Memory()), 0
    for each in a_log():
        asked, looked = door.see(each), judge.look(each)
        if each.teaches:
            judge.learn(looked)
        if asked is None:
            continue
        assert asked.signals is not None
        assert numbers(asked.evidence) == pytest.approx(numbers(looked.evidence)), each
        shown, expected = ({name: getattr(of, name) for name in OF_A_LOG} for of in (asked.signals, looked.signals))
        assert shown == pytest.approx(expected), each
        ours, theirs = assess(looked.evidence, looked.signals), assess(asked.evidence, asked.signals)
        assert theirs.score == pytest.approx(ours.score)
        bursts += "burst_from_network" in {finding.code for finding in theirs.findings}
    assert bursts == 5  # all but the first of the six


def test_a_log_tells_of_every_count() -> None:
    assert {field.name.replace("newcomers", "accounts") for field in fields(Pace)} <= set(OF_A_LOG)
