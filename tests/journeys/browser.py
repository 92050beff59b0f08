"""The browser of the journeys. One that fails costs a journey and two minutes at most, not the run.

Most calls of Playwright wait as long as it takes. So a browser in which a journey takes too long is killed: whatever
waits for it raises. That journey is walked once more in a fresh one, which the summary says loudly; so is one in which
the browser itself answered with an error, such as that a page was just being replaced. What a journey asserts or waits
for in vain is never repeated.
"""

import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress

import pytest
from _pytest.runner import runtestprotocol
from playwright.sync_api import Browser, BrowserContext, Error, Playwright
from playwright.sync_api import TimeoutError as InVain

from tests.services import WALKED_AGAIN

NewProfile = Callable[..., BrowserContext]
PATIENCE_SECONDS = 120
_BROWSERS = ("browser", "It hung and was killed, or answered with an error of its own.")
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Chromium:
    """One browser, and the next after one that was killed."""

    def __init__(self, playwright: Playwright, path: str) -> None:
        self._playwright, self._path = playwright, path
        self._running: Browser | None = None
        self.number, self.hung = 0, False

    def running(self) -> Browser:
        """The browser, started unless it runs."""
        if self._running is None or self.hung or not self._running.is_connected():
            self._running = self._playwright.chromium.launch(executable_path=self._path, args=_FLAGS)
            told = self._running.new_browser_cdp_session().send("SystemInfo.getProcessInfo")
            self.number = next(each["id"] for each in told["processInfo"] if each["type"] == "browser")
            self.hung = False
        return self._running

    @contextmanager
    def watched(self, seconds: float = PATIENCE_SECONDS) -> Iterator[None]:
        """Longer than this it may not take."""
        watchdog = threading.Timer(seconds, self._kill)
        watchdog.start()
        try:
            yield
        finally:
            watchdog.cancel()

    def _kill(self) -> None:
        self.hung = True
        with suppress(ProcessLookupError):
            os.kill(self.number, signal.SIGKILL)


def leave(profile: BrowserContext) -> None:
    """Close all its pages. Chromium never answers who closes a profile while one of its pages is being replaced."""
    for page in profile.pages:
        with suppress(Error):  # such as: that another page was on its way
            page.goto("about:blank")
    profile.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell what the browser has made fail from everything else; and of that, what was to be seen."""
    report = yield
    chromium = getattr(item, "funcargs", {}).get("chromium")
    failure = call.excinfo.value if call.excinfo else None
    if chromium and isinstance(failure, Error) and (chromium.hung or not isinstance(failure, InVain)):
        report.sections.append(_BROWSERS)
    elif chromium and report.failed and call.when == "call":
        report.sections.append(("pages", "\n\n".join(_pages(chromium.running()))))
    return report


def _pages(browser: Browser) -> Iterator[str]:
    for page in (page for profile in browser.contexts for page in profile.pages):
        with suppress(Error):
            yield f"{page.url}\n{page.locator('body').inner_text(timeout=1000)}"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Walk a journey, and once more if nothing failed in it but the browser."""
    if "chromium" not in getattr(item, "fixturenames", ()):
        return None
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports = runtestprotocol(item, log=False, nextitem=nextitem)
    failed = [report for report in reports if report.failed]
    if failed and all(_BROWSERS in report.sections for report in failed):
        item.user_properties.append((WALKED_AGAIN, failed[0].longreprtext))
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True
