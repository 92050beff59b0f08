"""Bursts of takeovers, put into a log as labelled rows."""

import random
from dataclasses import replace

from tests.bench.evaluation.rows import Row
from tests.bench.risk import world
from tests.bench.risk.synthesis import DAY, Weighted, World

RELAYED = 0.6
"""Share of bursts in which each victim's own user agent is shown, as phishing relays do. With it the references come
nearer to how they did on real takeovers (Freeman: AUC .76-.78, 15 % recall at 1 % false positives); without it, bursts
made by the recipe are far too easy for everybody."""


def bursts(made: World, rows: list[Row], start: float, count: int, seed: int) -> list[Row]:
    """Takeovers: 3 to 10 accounts within 30 minutes, from 1 to 3 rare networks, almost all foreign."""
    countries = Weighted(list(world.TAKEOVER_COUNTRIES))
    dice, real = random.Random(seed), [row for row in rows if row.teaches]
    latest = {row.user: row for row in real if row.second < start}
    users = sorted(latest)
    desktops = [row for row in real if row.system.startswith("Mac OS X") and row.browser.startswith("Chrome")]
    found: list[Row] = []
    for _ in range(count):
        begin = dice.uniform(start + DAY, real[-1].second - DAY)
        country = countries.draw(dice)
        networks = [
            dice.choice(made.rare) if dice.random() < 0.6 else made.networks[country].items[-dice.randrange(1, 12)]
            for _ in range(dice.choice((1, 1, 2, 3)))
        ]
        addresses = [(asn, made.address()) for asn in networks for _ in range(dice.choice((1, 2, 3)))]
        relays = dice.random() < RELAYED
        like = dice.choice(desktops) if dice.random() < 0.8 else dice.choice(real)
        for _ in range(dice.randint(3, 10)):
            asn, address = dice.choice(addresses)
            user = dice.choice(users)
            agent = latest[user] if relays else like if dice.random() < 0.8 else dice.choice(desktops)
            found.append(
                replace(
                    agent,
                    user=user,
                    second=begin + dice.uniform(0, 1800),
                    country=country,
                    asn=asn,
                    address=address,
                    success=True,
                    attack=dice.random() < 0.55,
                    takeover=True,
                    device=made.fresh(),
                )
            )
    return found
