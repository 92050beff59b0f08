"""10,000 customers of another system are imported and sign in: ``python -m tests.bench.moving [--customers 10000]``.

A database of its own. A hundredth of the lines is broken. Then everybody signs in at the page with the password that
they had, each from an address of their own, through all of the portal but a socket; and a failed sign-in is timed 200
times for each of: nobody, somebody of ours, and somebody of each former system, in turns. Compared by rank
(Mann-Whitney), nobody is told from anybody: p > 0.01.
"""

import argparse
import base64
import hashlib
import json
import math
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from tests.stack import Stack

PASSWORD = "correct horse battery staple"
LEAST_A_MINUTE = 10_000
TRIES = 200
SALT = b"salt of the shop"


def systems() -> dict[str, dict[str, Any]]:
    """How former systems kept that password: one hash of each kind, at the costs that they are met with."""
    import bcrypt
    from argon2 import PasswordHasher

    salt, raw = base64.b64encode(SALT).decode(), PASSWORD.encode()
    derived = hashlib.pbkdf2_hmac("sha512", raw, SALT, 210_000, 64)
    scrypt = hashlib.scrypt(raw, salt=SALT, n=16_384, r=8, p=1, maxmem=64 << 20, dklen=64)
    return {
        "bcrypt": {"scheme": "bcrypt", "value": bcrypt.hashpw(raw, bcrypt.gensalt(10)).decode()},
        "argon2": {"scheme": "argon2", "value": PasswordHasher(3, 65_536, 4).hash(PASSWORD)},
        "pbkdf2": {
            "scheme": "pbkdf2", "digest": "sha512", "iterations": 210_000, "salt": salt,
            "key": base64.b64encode(derived).decode(),
        },
        "scrypt": {
            "scheme": "scrypt", "n": 16_384, "r": 8, "p": 1, "salt": salt, "key": base64.b64encode(scrypt).decode(),
        },
        "sha1": {
            "scheme": "sha1", "salt": "pepper", "key": hashlib.sha1(b"pepper" + raw, usedforsecurity=False).hexdigest(),
        },
    }  # fmt: skip


def written(path: Path, customers: int) -> dict[str, list[str]]:
    """The file, each customer with a hash of one of the systems in turns; their addresses by system."""
    hashes = systems()
    sources = {name: {"vector": {"password": PASSWORD, "hash": each}} for name, each in hashes.items()}
    found: dict[str, list[str]] = {name: [] for name in hashes}
    with path.open("w") as file:
        file.write(json.dumps({"customers": 1, "sources": sources}) + "\n")
        for number in range(customers):
            name = list(hashes)[number % len(hashes)]
            line = {"source": name, "email": f"c{number}@example.com", "email_proven": True, "hash": hashes[name]}
            if number % 100 == 99:
                file.write('{"email": "broken\n')
            file.write(json.dumps(line | {"name": f"Customer {number}", "since": "2020-01-01T00:00:00Z"}) + "\n")
            found[name].append(f"c{number}@example.com")
    return found


def imported(path: Path) -> float:
    """Proposed, approved and run; customers in a minute."""
    from django.core.management import call_command

    from accounts.models import Move
    from accounts.moving.flows import two_people
    from ciam_portal.core import clock
    from ciam_portal.core.roles import Role
    from tests.accounts.staff.people import Member

    quiet = open(os.devnull, "w")  # noqa: PTH123, SIM115  (to the end of the process)
    began = time.perf_counter()
    call_command("import_customers", str(path), stderr=quiet)
    print(f"dry run: {time.perf_counter() - began:.1f} s", flush=True)
    mona = Member(Role.ADMINISTRATOR)
    two_people.approve(Move.objects.get(), mona.user, mona.session, by=mona.by, at=clock.now())
    began = time.perf_counter()
    call_command("import_customers", str(path), stderr=quiet)
    took = time.perf_counter() - began
    rate = Move.objects.get().customers / took * 60
    print(f"import: {took:.1f} s, {rate:,.0f} customers a minute", flush=True)
    return rate


def tried(email: str, password: str, number: int) -> tuple[int, float]:
    """The status of a sign-in from an address of its own, and how long it took."""
    from django.test import Client

    client = Client(REMOTE_ADDR=f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")
    began = time.perf_counter()
    answer = client.post("/sign-in/", {"login": email, "password": password})
    return answer.status_code, time.perf_counter() - began


def signed_in(emails: list[str]) -> int:
    """How many of them are let past the password, each to the code that a new browser is asked for."""
    right, began = 0, time.perf_counter()
    for number, email in enumerate(emails, 1):
        status, _took = tried(email, PASSWORD, number)
        right += status == 302
        if number % 1000 == 0:
            print(f"  {number:,}: {right:,} right, {time.perf_counter() - began:.0f} s", flush=True)
    return right


def told_apart(classes: dict[str, Callable[[], str]], tries: int) -> float:
    """The least p by which a class of failed sign-ins could be told from that of nobody."""
    took: dict[str, list[float]] = {name: [] for name in classes}
    for number in range(tries):
        for name in random.sample(list(classes), len(classes)):
            _status, seconds = tried(classes[name](), "not the right password", 1 << 20 | number)
            took[name].append(seconds)
    worst = 1.0
    for name, each in took.items():
        p = by_rank(took["nobody"], each) if name != "nobody" else 1.0
        print(f"  {name:<8} median {statistics.median(each) * 1000:.1f} ms, p = {p:.3f}", flush=True)
        worst = min(worst, p)
    return worst


def by_rank(one: list[float], other: list[float]) -> float:
    """Mann-Whitney, two-sided, by the normal approximation."""
    ranked = sorted(chain(((each, 0) for each in one), ((each, 1) for each in other)))
    ranks = sum(rank for rank, (_each, which) in enumerate(ranked, 1) if which == 0)
    n, m = len(one), len(other)
    z = (ranks - n * (n + m + 1) / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(z) / math.sqrt(2))


def main() -> None:
    """Read the command line, start the services, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--tries", type=int, default=TRIES, help="failed sign-ins of each kind")
    chosen = parser.parse_args()
    with Stack.temporary(services_only=True) as stack, tempfile.TemporaryDirectory() as folder:
        os.environ.update(stack.env | {"DJANGO_SETTINGS_MODULE": "ciam_portal.settings", "LOG_LEVEL": "ERROR"})
        subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], check=True)
        import django

        django.setup()
        ok = measure(Path(folder), chosen.customers, chosen.tries)
    sys.exit(0 if ok else "NOT AS WANTED")


def measure(folder: Path, customers: int, tries: int) -> bool:
    """All of it; whether it is as wanted."""
    from django.test.utils import setup_test_environment

    from tests import factories

    setup_test_environment()
    found = written(folder / "customers.jsonl", customers)
    rate = imported(folder / "customers.jsonl")
    ours = [factories.customer().email for _each in range(tries)]
    classes: dict[str, Callable[[], str]] = {
        "nobody": lambda: f"nobody{random.randrange(10**9)}@example.com",
        "ours": lambda: random.choice(ours),
    }
    classes |= {name: partial(random.choice, some) for name, some in found.items()}
    print("failed sign-ins:", flush=True)
    p = told_apart(classes, tries)
    emails = list(chain.from_iterable(zip(*found.values(), strict=False)))
    print("right sign-ins:", flush=True)
    right = signed_in(emails)
    print(f"{right:,} of {len(emails):,} signed in with the password that they had; p = {p:.3f}")
    return right == len(emails) and rate >= LEAST_A_MINUTE and p > 0.01


if __name__ == "__main__":
    main()
