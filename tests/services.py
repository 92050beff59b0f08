"""Pytest plugin (``-p tests.services``): a PostgreSQL and a Valkey for the run, before Django reads its settings."""

import atexit
import os
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from _pytest.terminal import TerminalReporter
from xdist.scheduler import LoadScopeScheduling

from tests.stack import Stack, seed

_STARTED = pytest.StashKey[ExitStack]()
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# One process runs all tests of a file, and of the journeys: what they share is made once. The longest begin first.
_JOURNEYS = "tests/journeys/"
_FIRST = (
    _JOURNEYS, "tests/ciam_portal/test_outages.py", "tests/ciam_portal/test_rotation_under_load.py",
    "tests/house/test_staff_pages.py", "tests/ciam_portal/test_once.py", "tests/house/test_catalogue.py",
    "tests/bench/risk/test_bench.py", "tests/accounts/staff/test_looking.py", "tests/house/test_second_language.py",
)  # fmt: skip
WALKED_AGAIN = "A BROWSER FAILED; ITS JOURNEY WAS WALKED AGAIN"
NO_BROWSER = "no Chromium found: install one (Debian: chromium) or set CHROMIUM to its path"


def _together(nodeid: str) -> str:
    return _JOURNEYS if nodeid.startswith(_JOURNEYS) else nodeid.partition("::")[0]


class _Together(LoadScopeScheduling):
    """Hands out files, in the order in which they were collected. A test each would wait for us more than it runs."""

    def _split_scope(self, nodeid: str) -> str:
        return _together(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Who runs what."""
    config.option.loadscopereorder = False
    return _Together(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In several processes the longest begin first, and what is short fills the gaps in the end."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    many = Counter(_together(item.nodeid) for item in items)
    places = {place: number for number, place in enumerate(_FIRST)}
    items.sort(key=lambda item: (places.get(_together(item.nodeid), len(_FIRST)), -many[_together(item.nodeid)]))


def chromium() -> str | None:
    """The browser the journeys drive: CHROMIUM names it, or it is on the path."""
    return os.environ.get("CHROMIUM") or next((path for name in _BROWSERS if (path := shutil.which(name))), None)


def browser_is_required() -> bool:
    """Whether a run without browser tests is a failed run."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Wrap the hook in which pytest-django loads the settings: the environment must be there before."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:  # its environment comes from the controller; only the numbered Valkey databases are its own
        number = 2 + 2 * int(worker.removeprefix("gw"))
        os.environ["CACHE_URL"] = re.sub(r"/\d+$", f"/{number}", os.environ["CACHE_URL"])
        os.environ["BROKER_URL"] = re.sub(r"/\d+$", f"/{number + 1}", os.environ["BROKER_URL"])
    elif "DATABASE_URL" not in os.environ:
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # dozens of processes read the same files
        sys.dont_write_bytecode = False
        started = early_config.stash[_STARTED] = ExitStack()
        atexit.register(started.close)  # for the runs that end before pytest_unconfigure
        os.environ.update(started.enter_context(Stack.temporary(services_only=True)).env)
        os.environ[seed.SEED] = "ciam_seed"
        os.environ["CIAM_AS_OWNER"] = "1"  # tests make their own database; journeys run as the portal's role
        if early_config.known_args_namespace.numprocesses:
            seed.begin()
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started. After a crash nobody comes here; then the services end by themselves."""
    started = config.stash.get(_STARTED, None)
    if started:
        started.close()


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Say loudly when the journeys could not be walked, or a browser failed in one."""
    properties = {
        (report.nodeid, why)
        for reports in terminalreporter.stats.values()
        for report in reports
        for name, why in getattr(report, "user_properties", ())
        if name == WALKED_AGAIN
    }
    for place, why in sorted(properties):
        terminalreporter.write_sep("!", WALKED_AGAIN, yellow=True, bold=True)
        terminalreporter.write_line(f"{place}\n{why}", yellow=True)
    untried = [report for report in terminalreporter.stats.get("skipped", []) if NO_BROWSER in str(report.longrepr)]
    if untried:
        terminalreporter.write_sep("!", "BROWSER TESTS DID NOT RUN", red=True, bold=True)
        terminalreporter.write_line(f"{len(untried)} skipped: {NO_BROWSER}.", red=True, bold=True)
        terminalreporter.write_sep("!", red=True, bold=True)
