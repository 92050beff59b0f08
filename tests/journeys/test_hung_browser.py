"""A browser that hangs or stumbles costs one journey, told by its name, and not the run."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Error

from tests.journeys.browser import Chromium
from tests.services import WALKED_AGAIN
from tests.stack.state import CHECKOUT

JOURNEYS = """
from types import SimpleNamespace

import pytest
from playwright.sync_api import Error

from tests.journeys.browser import pytest_runtest_makereport, pytest_runtest_protocol


@pytest.fixture(scope="session")
def chromium():
    return SimpleNamespace(hung=False, walks=[], running=lambda: SimpleNamespace(contexts=[]))


@pytest.fixture
def hangs(chromium):
    chromium.walks.append("walk")
    chromium.hung = len(chromium.walks) == 1
"""
WALKS = """
from playwright.sync_api import Error, TimeoutError


def test_hangs_once(hangs, chromium):
    if chromium.hung:
        raise Error("Target closed")


def test_is_untrue(chromium):
    chromium.hung = True
    chromium.walks.append("walk")
    assert len(chromium.walks) == 4


def test_stumbles(chromium):
    chromium.hung = False
    chromium.walks.append("walk")
    raise Error(f"after {len(chromium.walks)} walks")


def test_waits_in_vain(chromium):
    chromium.hung = False
    chromium.walks.append("walk")
    raise TimeoutError(f"patience over after {len(chromium.walks)} walks")
"""


def test_what_waits_for_a_hung_browser_raises_and_the_next_one_is_fresh(chromium: Chromium) -> None:
    page = chromium.running().new_page()
    os.kill(chromium.number, signal.SIGSTOP)
    with chromium.watched(0.2), pytest.raises(Error):
        page.evaluate("1")
    assert chromium.running().new_page().evaluate("1") == 1


def test_only_what_the_browser_made_fail_is_walked_again(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(JOURNEYS)
    (tmp_path / "test_walks.py").write_text(WALKS)
    command = [sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", str(tmp_path), "-p", "tests.services"]
    other = ["-p", "no:django", "-p", "no:randomly", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run([*command, *other], capture_output=True, text=True, cwd=CHECKOUT, check=False)
    assert "3 failed, 1 passed" in done.stdout
    assert "Error: after 5 walks" in done.stdout  # two of the first, one of the second, and its own two
    assert "patience over after 6 walks" in done.stdout
    assert done.stdout.count(WALKED_AGAIN) == 2
    assert "Target closed" in done.stdout
