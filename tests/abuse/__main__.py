"""``make abuse``: run the portal, let bots and people come at once, print what it came to, and write the report."""

import argparse
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from tests.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.abuse.door import Came, Page, Purse
    from tests.abuse.people import Visitor

SEED = 13
KNOWN = ("ada@example.com", "grace@example.com", "edith@example.com", "joan@example.com", "auditor@example.com")
REPORT = Path(__file__).with_name("REPORT.md")


class Http:
    """A browser that comes from a given address: the portal trusts the one proxy that says so."""

    def __init__(self, url: str, address: str) -> None:
        agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
        headers = {"X-Forwarded-For": address, "User-Agent": agent}
        self._client = httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False)

    def get(self, path: str) -> "Page":
        """Ask for a page, and follow where it leads."""
        return self._page(self._client.get(path, follow_redirects=True))

    def post(self, path: str, data: Mapping[str, str]) -> "Page":
        """Send a form."""
        return self._page(self._client.post(path, data=dict(data)))

    def _page(self, answer: httpx.Response) -> "Page":
        from tests.abuse.door import Page

        return Page(answer.status_code, answer.text, answer.url.raw_path.decode())


def main() -> int:
    """One command."""
    parser = argparse.ArgumentParser(prog="python -m tests.abuse", description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--people", type=int, default=150, help="genuine people while it is attacked")
    parser.add_argument("--bots", type=int, default=240)
    parser.add_argument("--seconds", type=float, default=90, help="of the attack; before it a third of that is quiet")
    parser.add_argument("--report", type=Path, default=REPORT)
    parser.add_argument("--quick", action="store_true", help="a fifth of all, for a look")
    options = parser.parse_args()
    if options.quick:
        options.people, options.bots, options.seconds = options.people // 5, options.bots // 5, options.seconds / 5
    with _portal() as stack:
        return _report(stack, options)


@contextmanager
def _portal() -> "Iterator[Stack]":
    with Stack.temporary(TRUSTED_PROXY_COUNT="1") as stack:
        os.environ.update(stack.env, DJANGO_SETTINGS_MODULE="ciam_portal.settings")
        import django

        django.setup()
        _settle()  # what the demonstration's people are told
        for mail in stack.mail_dir.glob("*.eml"):
            mail.unlink()
        yield stack


def _report(stack: Stack, options: argparse.Namespace) -> int:
    from tests.abuse import mailbox, people, story
    from tests.abuse.door import Purse

    victims = [*KNOWN, *(f"nobody.{n}@elsewhere.example" for n in range(5))]
    quiet = list(people.genuine(options.people // 3, options.seed + 1))
    crowd = list(people.genuine(options.people, options.seed))
    bots = list(people.bots(options.bots, options.seed, victims))
    purse, began = Purse(), time.monotonic()
    _say(f"{len(quiet)} people on a quiet day ...")
    before = _come(stack.url, purse, (quiet, options.seconds / 3))
    _say(f"{len(crowd)} people among {len(bots)} bots ...")
    came = _come(stack.url, purse, (crowd, options.seconds), (bots, options.seconds))
    _settle()
    usable = _confirm(stack, [*crowd, *bots])
    run = story.Outcome(before, came, usable, mailbox.numbers(stack.mail_dir), victims, frozenset(KNOWN))
    found = story.goals(run)
    _say(story.table(found) + "\n\n" + story.styles(run))
    options.report.write_text(story.report(run, options, purse.left, time.monotonic() - began), encoding="utf-8")
    return 0 if all(each.met for each in found) else 1


def _come(url: str, purse: "Purse", *crowds: tuple[Sequence["Visitor"], float]) -> list["Came"]:
    """All of them, each crowd spread evenly over its seconds."""
    from tests.abuse.door import visit

    due = sorted(
        ((n * seconds / len(crowd), visitor) for crowd, seconds in crowds for n, visitor in enumerate(crowd)),
        key=lambda each: each[0],
    )
    began, going = time.monotonic(), list[Future["Came"]]()
    with ThreadPoolExecutor(64) as pool:
        for at, visitor in due:
            time.sleep(max(0.0, began + at - time.monotonic()))
            going.append(pool.submit(visit, visitor, Http(url, visitor.address), purse))
    return [each.result() for each in going]


def _settle() -> None:
    """Until nothing waits to be sent; what the workers have not come to after half a minute is sent from here."""
    from ciam_portal.core.outbox import tasks
    from ciam_portal.core.outbox.models import Notice

    end, waiting = time.monotonic() + 30, Notice.objects.filter(state=Notice.State.WAITING)
    while waiting.exists() and time.monotonic() < end:
        time.sleep(0.2)
    for key in list(waiting.values_list("pk", flat=True)):
        tasks.deliver(notice=str(key))


def _confirm(stack: Stack, visitors: Iterable["Visitor"]) -> frozenset[str]:
    """Whoever reads their mail follows the link in it: the addresses whose account can be used now."""
    from tests.abuse import mailbox
    from tests.abuse.door import confirm

    links = mailbox.links(stack.mail_dir)
    mine = [each for each in visitors if each.reads and each.email in links]
    with ThreadPoolExecutor(4) as pool:
        done = pool.map(lambda each: confirm(Http(stack.url, each.address), links[each.email]), mine)
        return frozenset(each.email for each, is_usable in zip(mine, done, strict=True) if is_usable)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
