"""The whole gate on a synthetic log: what ``gate.assess`` answers customers and attackers, with the deployed rules.

Facts are made by the code that makes them at the door (``step_up.facts``), of customers and devices that no database
keeps. The loop is closed: who is not let in teaches nothing, and their browser is remembered by nobody.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from accounts.models import Device, User
from accounts.step_up import facts
from accounts.step_up.facts import Arrival
from ciam_portal.core import gate
from ciam_portal.core.audit.actor import Actor, ActorKind, Channel
from ciam_portal.core.policy import limits
from ciam_portal.core.policy.assurance import Level, Method
from ciam_portal.core.policy.catalogue import Action
from ciam_portal.core.policy.decision import Allow, Decision, Deny, Hold, StepUp
from ciam_portal.core.risk.parameters import DAY
from ciam_portal.core.risk.signals import Signals
from tests.bench.evaluation.judge import Judge, Looked
from tests.bench.evaluation.memory import Memory
from tests.bench.evaluation.rows import Row, family
from tests.bench.evaluation.simulate import Simulator
from tests.bench.risk import world
from tests.bench.risk.synthesis import World
from tests.bench.risk.trial import TEST_FROM, Log

RULES = limits.load()
LOYAL = 10
"""Sign-ins after which a customer counts as loyal."""
HOLDINGS = {
    "a mailbox": (Level.AAL1, Method.EMAIL_CODE),
    "an app": (Level.AAL2, Method.TOTP),
    "a passkey": (Level.PHR, Method.PASSKEY),
}
"""What customers have beside the password: the most they can prove, and how."""
STOLEN = {"naive": "stolen key, anywhere", "vpn": "stolen key, same country", "targeted": "stolen key, same network"}
"""What each kind of attacker becomes with the victim's device key, user agent and system."""
WORDS = {Allow: "in", StepUp: "asked", Hold: "held", Deny: "denied"}


@dataclass(slots=True)
class Known:
    """One customer, as the database would keep them."""

    customer: User
    devices: dict[str, Device] = field(default_factory=dict)
    sign_ins: int = 0
    last: Row | None = None


@dataclass(slots=True)
class Door:
    """All customers have the same to prove with. Counts, per kind, how the gate answered first and in the end."""

    highest: Level
    method: Method
    judge: Judge = field(default_factory=lambda: Judge(Memory()))
    people: dict[str, Known] = field(default_factory=dict)
    first: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    last: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def see(self, row: Row) -> None:
        """One row of the log."""
        known = self.people.get(row.user)
        if known is None and row.teaches:
            known = self.people[row.user] = Known(User(created_at=row.at))
        device = self._device(known, row)
        looked = self.judge.look(row, known=self._around(known, device, row))
        if row.takeover:
            self.attacked("takeover", row, looked)
        if known is None or not row.teaches:
            return
        first, last = self._answers(known, row, looked, device)
        if row.second >= TEST_FROM and looked.evidence.history:
            self._count("every sign-in of the log", first, last)
            if known.sign_ins >= LOYAL:
                self._count("every sign-in of the log, loyal", first, last)
        if isinstance(last, Allow):
            self.judge.learn(looked)
            self._remember(known, row, device)

    def came(self, kind: str, row: Row) -> None:
        """One genuine sign-in that the log does not have, as if it had not happened."""
        known = self.people[row.user]
        device = self._device(known, row)
        looked = self.judge.look(row, leaves_traces=False, known=self._around(known, device, row))
        first, last = self._answers(known, row, looked, device)
        self._count(kind, first, last)
        if known.sign_ins >= LOYAL:
            self._count(f"{kind}, loyal", first, last)

    def attacked(self, kind: str, row: Row, looked: Looked | None = None) -> None:
        """One attack on an account that is known; the last answer is for one who passes on whatever can be."""
        known = self.people.get(row.user)
        if known is None or known.last is None or row.second < TEST_FROM:
            return
        device = self._device(known, row)
        if looked is None:
            looked = self.judge.look(row, leaves_traces=False, known=self._around(known, device, row))
        self._count(kind, *self._answers(known, row, looked, device, relayed=True))

    def with_key(self, row: Row) -> Row | None:
        """The same attack by one who holds a copy of the victim's device key, and a browser like theirs."""
        known = self.people.get(row.user)
        if known is None or known.last is None:
            return None
        like = known.last
        return replace(
            row, device=like.device, agent=like.agent, browser=like.browser, system=like.system, kind=like.kind
        )

    def _answers(
        self, known: Known, row: Row, looked: Looked, device: Device | None, *, relayed: bool = False
    ) -> tuple[Decision, Decision]:
        can = self.method if not (relayed and self.method is Method.PASSKEY) else None
        first = self._ask(known, row, looked, device, (Method.PASSWORD,))
        if not isinstance(first, StepUp) or can is None:
            return first, first
        return first, self._ask(known, row, looked, device, (Method.PASSWORD, can))

    def _ask(
        self, known: Known, row: Row, looked: Looked, device: Device | None, proven: tuple[Method, ...]
    ) -> Decision:
        elsewhere = (device.browser, device.system) != (family(row.browser), family(row.system)) if device else None
        signals = replace(looked.signals, device_elsewhere=elsewhere)
        arrived = Arrival(row.visit, device, looked.evidence, signals)
        by = Actor(ActorKind.CUSTOMER, known.customer.pk, Channel.WEB)
        asked = facts.of_arrival(known.customer, proven, arrived, highest=self.highest, by=by, at=row.at)
        return gate.assess(Action.SIGN_IN, asked, limits=RULES, at=row.at).decision

    @staticmethod
    def _around(known: Known | None, device: Device | None, row: Row) -> Signals:
        return facts.surroundings(known.customer, device, row.at) if known else Signals()

    def _device(self, known: Known | None, row: Row) -> Device | None:
        found = known.devices.get(row.device) if known and row.device else None
        return found if found and found.is_live(row.at) else None

    def _remember(self, known: Known, row: Row, device: Device | None) -> None:
        known.sign_ins += 1
        known.last = row
        if device is None:
            # The first browser is the one in which the address was proven; a second factor makes one known at once.
            is_known = known.sign_ins == 1 or self.highest >= Level.AAL2
            waits = timedelta(hours=0 if is_known else RULES.risk.trust_device_hours)
            known.devices[row.device] = Device(
                browser=family(row.browser), system=family(row.system), first_seen_at=row.at, last_seen_at=row.at,
                known_at=row.at + waits, expires_at=row.at + timedelta(days=RULES.session.device_days),
            )  # fmt: skip

    def _count(self, kind: str, first: Decision, last: Decision) -> None:
        asked = isinstance(first, StepUp) and first.challenge
        burst = any(each.code == "burst_from_network" for each in first.findings)
        self.first[kind].update(["all", *["unusual"] * asked, *["burst"] * burst, WORDS[type(first)]])
        self.last[kind].update(["all", WORDS[type(last)]])


def outings(made: World, dice: random.Random, last: Row, second: float) -> Iterator[tuple[str, Row]]:
    """What genuine customers do that is unusual: another device, another network, another country, and both at once."""
    now = replace(last, second=second, address=made.address(), rtt=None)
    at_home, abroad = last.country, last.country
    while abroad == at_home:
        abroad = made.countries.draw(dice)
    device = made.device()
    agent, browser, system = made.browser_text(device, (second - world.START) / DAY)
    new: dict[str, Any] = {
        "device": made.fresh(), "agent": agent, "browser": browser, "system": system, "kind": device.kind,
    }  # fmt: skip
    yield "own browser, usual network", now
    yield "cookies cleared, usual network", replace(now, device=made.fresh())
    yield "new device, usual network", replace(now, **new)
    for place, country in (("another network at home", at_home), ("abroad", abroad)):
        elsewhere = replace(now, country=country, asn=made.networks[country].draw(dice))
        if (elsewhere.country, elsewhere.asn) != (last.country, last.asn):
            yield f"own browser, {place}", elsewhere
            yield f"new device, {place}", replace(elsewhere, **new)


def run(log: Log, share: float = 0.5) -> dict[str, Door]:
    """The log at the door, once for each thing that customers may have."""
    found = {}
    for name, (highest, method) in HOLDINGS.items():
        door = found[name] = Door(highest, method)
        simulator, dice = Simulator(random.Random(log.seed + 2), share, TEST_FROM), random.Random(log.seed + 3)
        for row in log.rows:
            for second, user in simulator.due(row.second):
                known = door.people.get(user)
                if known is not None and known.last is not None:
                    for kind, outing in outings(log.made, dice, known.last, second):
                        door.came(kind, outing)
                for fake in simulator.fakes(second, user, door.judge.store.profile(user)):
                    door.attacked(fake.kind, fake.row)
                    stolen = door.with_key(fake.row)
                    if stolen is not None:
                        door.attacked(STOLEN[fake.kind], stolen)
            door.see(row)
            if row.teaches:
                simulator.learn(row)
    return found


Figures = dict[str, dict[str, dict[str, float]]]


def figures(doors: dict[str, Door]) -> Figures:
    """Per holding and kind: how many, and of each hundred who is asked, held, denied, let in."""
    found: Figures = {}
    for name, door in doors.items():
        found[name] = {}
        for kind, first in door.first.items():
            count, last = first["all"], door.last[kind]
            numbers = {"asked": first["unusual"], "in_at_once": first["in"], "burst": first["burst"]}
            numbers |= {"in": last["in"], "asked_still": last["asked"], "held": last["held"], "denied": last["denied"]}
            found[name][kind] = {"count": count} | {key: round(100 * n / count, 2) for key, n in numbers.items()}
    return found
