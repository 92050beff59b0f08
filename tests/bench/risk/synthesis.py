"""A synthetic log of sign-ins, drawn from published marginals. It is invented: nothing here was measured on people."""

import bisect
import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.bench.evaluation.rows import Row
from tests.bench.risk import world

DAY = 86_400.0
SPAN = world.DAYS * DAY
OFFICE = 999  # the pool of a network that offices share


class Weighted:
    """A weighted choice among items, fast when asked often."""

    def __init__(self, pairs: Sequence[tuple[object, float]]) -> None:
        self.items: list[Any] = [item for item, _weight in pairs]
        self.bounds = list(itertools.accumulate(weight for _item, weight in pairs))

    def draw(self, dice: random.Random):
        return self.items[bisect.bisect(self.bounds, dice.random() * self.bounds[-1])]


@dataclass(slots=True)
class Device:
    """One browser on one device of one customer."""

    system: str
    kind: str
    browser: str
    model: int
    lag: float
    key: str
    updates: bool
    born: float = 0.0


@dataclass(slots=True)
class Customer:
    """One customer's habits."""

    user: str
    country: str
    home: str
    mobile: str
    work: str
    wifi: float
    at_work: float
    roaming: float
    region: int
    private: bool
    clears: float
    devices: list[Device] = field(default_factory=list)
    lease: str = ""
    lease_ends: float = -1.0
    travels_until: float = -1.0
    abroad: str = ""


class World:
    """Draws customers, networks, addresses and agents, always the same for the same seed."""

    def __init__(self, users: int, seed: int) -> None:
        self.dice = random.Random(seed)
        self.users = users
        self.serial = 0
        listed = sum(share for share, _success in world.COUNTRIES.values())
        rest = max(0.0, 100.0 - listed) / world.OTHERS
        shares = dict(world.COUNTRIES) | {f"X{number:02}": (rest, 28.0) for number in range(world.OTHERS)}
        genuine = {name: share * success / 100 / world.SUCCESS for name, (share, success) in shares.items()}
        self.countries = Weighted(list(genuine.items()))
        self.knocking = Weighted([(name, max(0.02, share - genuine[name])) for name, (share, _s) in shares.items()])
        self.networks = {name: self._networks(name, order) for order, name in enumerate(shares)}
        self.rare = [str(500_000 + number) for number in range(400)]
        self.devices = Weighted([((system, kind), share) for system, kind, share in world.DEVICES])
        self.browsers = {system: Weighted(list(found)) for system, found in world.BROWSERS.items()}
        self.hours = Weighted([(hour, weight) for hour, weight in enumerate(world.HOURS)])
        self.frequencies = Weighted(list(world.FREQUENCIES))
        self.pools: dict[tuple[str, int], list[str]] = {}
        self.flagged: dict[str, bool] = {}

    def _networks(self, country: str, order: int) -> Weighted:
        head = [(str(number), weight) for number, weight in world.NETWORKS.get(country, ())]
        left = 1.0 - sum(weight for _number, weight in head)
        size = world.TAIL.get(country, world.TAIL_OTHERS)
        tail = [1.0 / (rank + 1) ** 1.1 for rank in range(size)]
        total = sum(tail)
        return Weighted(
            head + [(str(60_000 + order * 600 + rank), left * weight / total) for rank, weight in enumerate(tail)]
        )

    def fresh(self) -> str:
        self.serial += 1
        return f"k{self.serial:x}"

    def address(self) -> str:
        dice = self.dice
        return f"{dice.randrange(11, 224)}.{dice.randrange(256)}.{dice.randrange(256)}.{dice.randrange(1, 255)}"

    def shared(self) -> str:
        return f"10.{self.dice.randrange(256)}.{self.dice.randrange(256)}.{self.dice.randrange(1, 255)}"

    def pool(self, asn: str, region: int) -> list[str]:
        """The shared addresses of one mobile network in one region."""
        found = self.pools.get((asn, region))
        if found is None:
            size = self.dice.choice((2, 3, 5, 8, 12))
            is_private = self.dice.random() < 0.8
            found = [self.shared() if is_private else self.address() for _ in range(size)]
            self.pools[asn, region] = found
        return found

    def is_attack(self, address: str, share: float) -> bool:
        found = self.flagged.get(address)
        if found is None:
            found = self.flagged[address] = self.dice.random() < share
        return found

    def device(self) -> Device:
        system, kind = self.devices.draw(self.dice)
        browser = self.browsers[system].draw(self.dice)
        model = min(int(self.dice.paretovariate(1.0)) - 1, world.MODELS[system] - 1)
        updates = browser != "Android" and system != "KaiOS" and self.dice.random() < 0.9
        return Device(system, kind, browser, model, self.dice.uniform(0, 14), self.fresh(), updates)

    def customer(self, number: int) -> Customer:
        dice = self.dice
        country = self.countries.draw(dice)
        networks = self.networks[country]
        home = networks.draw(dice)
        customer = Customer(
            user=str(dice.getrandbits(62) - (1 << 61)),
            country=country,
            home=home,
            mobile=home if dice.random() < 0.5 else networks.draw(dice),
            work=networks.draw(dice),
            wifi=dice.betavariate(1.4, 0.9),
            at_work=dice.betavariate(0.3, 1.2) if dice.random() < 0.4 else 0.0,
            roaming=dice.betavariate(0.35, 4.0),
            region=dice.randrange(max(1, self.users // 4000)) if home == "29695" else 0,
            private=dice.random() < 0.06,
            clears=0.2 if dice.random() < 0.05 else 0.01,
        )
        customer.devices.append(self.device())
        while dice.random() < 0.45 and len(customer.devices) < 5:
            customer.devices.append(self.device())
        return customer

    def browser_text(self, device: Device, day: float) -> tuple[str, str, str]:
        """The whole agent, the browser with its version, the system with its version."""
        clock = (day - device.lag) if device.updates else 0.0
        version, release = 80 + int(max(0.0, clock) // 35), 12 + int(max(0.0, clock) // 120)
        browser, system = (
            f"{device.browser} {version}.0.{version * 37 % 4000}",
            f"{device.system} {release}.{release % 5}",
        )
        return f"Mozilla/5.0 ({system}; m{device.model}) {browser}", browser, system

    def place(self, customer: Customer, device: Device, now: float) -> tuple[str, str, str]:
        """Country, AS and address at this moment."""
        dice = self.dice
        if now < customer.travels_until:
            asn = self.networks[customer.abroad].draw(dice)
            return customer.abroad, asn, dice.choice(self.pool(asn, 0)) if dice.random() < 0.5 else self.address()
        if dice.random() < 0.025:
            customer.abroad, customer.travels_until = self.countries.draw(dice), now + dice.expovariate(1 / (6 * DAY))
        if dice.random() < customer.roaming:
            asn = self.networks[customer.country].draw(dice)
            return customer.country, asn, dice.choice(self.pool(asn, 0)) if dice.random() < 0.5 else self.address()
        if device.kind == "desktop" and dice.random() < customer.at_work:
            desks = self.pool(customer.work, OFFICE)
            return customer.country, customer.work, desks[int(customer.user) % len(desks)]
        if device.kind == "mobile" and dice.random() > customer.wifi:
            return customer.country, customer.mobile, dice.choice(self.pool(customer.mobile, customer.region))
        if now > customer.lease_ends:
            days = dice.uniform(14, 35)
            customer.lease, customer.lease_ends = self.address(), now + days * DAY
        return customer.country, customer.home, customer.lease


def moment(dice: random.Random, hours: Weighted, now: float) -> float:
    """The same day at an hour when people sign in."""
    day = now // DAY * DAY
    return float(day + hours.draw(dice) * 3600 + dice.random() * 3600)


def life(made: World, customer: Customer) -> list[Row]:
    """All attempts of one customer."""
    dice = made.dice
    budget = max(1, round(dice.lognormvariate(world.MU, world.SIGMA)))
    mean = made.frequencies.draw(dice) * DAY
    now = dice.uniform(0, SPAN) if budget < 6 else dice.uniform(0, SPAN * 0.7)
    now = moment(dice, made.hours, now)
    last, rows = now, []
    while budget > 0 and now < SPAN:
        device = customer.devices[0] if dice.random() < 0.75 else dice.choice(customer.devices)
        if dice.random() < 1 - 0.5 ** ((now - last) / DAY / 500):  # a new phone or computer
            system, kind = device.system, device.kind
            renewed = made.device()
            if dice.random() < 0.8:
                renewed.system, renewed.kind = system, kind
                renewed.browser = device.browser if dice.random() < 0.85 else made.browsers[system].draw(dice)
                renewed.model = min(renewed.model, world.MODELS[system] - 1)
            customer.devices[customer.devices.index(device)] = renewed
            device = renewed
        country, asn, address = made.place(customer, device, now)
        agent, browser, system = made.browser_text(device, now / DAY)
        lost = dice.random() < customer.clears + 1 - 0.5 ** ((now - last) / DAY / 300)
        if customer.private or lost:
            device.key = made.fresh()
        second, attack = now, made.is_attack(address, 0.067)
        while budget > 0:
            budget -= 1
            success = dice.random() < (0.56 if attack else world.SUCCESS + 0.016)
            rtt = dice.lognormvariate(6.29, 0.35) if dice.random() < (0.07 if success else 0.021) else None
            rows.append(
                Row(
                    "",
                    world.START + second,
                    customer.user,
                    address,
                    country,
                    asn,
                    agent,
                    browser,
                    system,
                    device.kind,
                    success,
                    attack,
                    takeover=False,
                    device=device.key,
                    rtt=rtt,
                )
            )
            if success or dice.random() < 0.1:
                break
            second += dice.uniform(5, 90)
        last = now
        now = moment(dice, made.hours, now + dice.gammavariate(0.7, mean / 0.7))
        now = max(now, last + dice.uniform(120, 7200))
    return rows


def knocks(made: World, count: int) -> list[Row]:
    """Attempts on accounts that do not exist."""
    dice = made.dice
    kinds = Weighted([(knocker[:3], knocker[3]) for knocker in world.KNOCKERS])
    sources: list[tuple[str, str, str, bool]] = []
    rows = []
    for _ in range(count):
        if not sources or dice.random() < 0.12:
            country = made.knocking.draw(dice)
            source = (
                country,
                made.networks[country].draw(dice),
                made.shared() if dice.random() < 0.19 else made.address(),
                dice.random() < 0.118,
            )
            sources.append(source)
        else:
            source = sources[int(len(sources) * dice.random() ** 1.3)]
        browser, system, kind = kinds.draw(dice)
        device = Device(system, kind, browser, dice.randrange(30), 0.0, "", dice.random() < 0.6)
        now = dice.uniform(0, SPAN)
        while now < 270 * DAY and dice.random() < 0.45:
            now = dice.uniform(0, SPAN)
        now = moment(dice, made.hours, now)
        agent, named, versioned = made.browser_text(device, now / DAY)
        rows.append(
            Row(
                "",
                world.START + now,
                world.NOBODY,
                source[2],
                source[0],
                source[1],
                agent,
                named,
                versioned,
                kind,
                success=False,
                attack=source[3],
                takeover=False,
                rtt=dice.lognormvariate(6.29, 0.35) if dice.random() < 0.021 else None,
            )
        )
    return rows


def synthesise(users: int, seed: int) -> tuple[World, list[Row]]:
    """The log, in the order of time."""
    made = World(users, seed)
    rows = [row for number in range(users) for row in life(made, made.customer(number))]
    rows += knocks(made, int(len(rows) * 0.817))
    rows.sort(key=lambda row: row.second)
    return made, rows
