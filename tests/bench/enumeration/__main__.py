"""Whether time says if an address has an account: ``make enumeration``.

A portal runs as a release runs. At each door a stranger names addresses that have an account and such that have none,
by turns, one after the other, each once and from a network of its own, so that no limit is met. The door keeps its
secret if a Mann-Whitney test of the two samples of times finds nothing: *p*, two-sided, with ties, above 0.01. Of a
hundred doors that keep theirs about one falls below; what falls below twice does not. Both samples are of the same
minutes, so what else the machine does falls on both. ``REPORT.md`` keeps the last table.
"""

import argparse
import os
import sys

from tests.bench.enumeration import measure
from tests.bench.enumeration.doors import DOORS
from tests.stack import Stack
from tests.stack.state import CHECKOUT

REPORT = CHECKOUT / "tests" / "bench" / "enumeration" / "REPORT.md"


def main() -> int:
    """Start it, ask by turns, print and keep the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.enumeration", description=__doc__)
    parser.add_argument("--times", type=int, default=200, help="of each kind, at each door")
    parser.add_argument("--door", action="append", default=[], help="only this one, and no report")
    options = parser.parse_args()
    doors = [door for door in DOORS if door.name in options.door] or DOORS
    with Stack.temporary(services_only=True, TRUSTED_PROXY_COUNT="1", LOG_LEVEL="ERROR") as stack:
        os.environ.update(stack.env, DJANGO_SETTINGS_MODULE="ciam_portal.settings")
        stack.manage("migrate", "--no-input")
        stack._take_ownership()
        measure.customers(options.times, doors)
        stack.launch("web")
        stack.wait_for("web", stack.port, "/healthz")
        found = measure.all_doors(stack.url, options.times, doors)
    if not options.door:
        REPORT.write_text(measure.report(__doc__ or "", found, options.times), encoding="utf-8")
    return 0 if all(each.p > measure.P for each in found) else 1


if __name__ == "__main__":
    sys.exit(main())
