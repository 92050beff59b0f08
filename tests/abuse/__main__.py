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
    parser.add_argument("--people", type=int, default=300, help="genuine people while it is attacked")
    parser.add_argument("--slow", type=int, default=2000, help="bots that come low and slow")
    parser.add_argument("--bots", type=int, default=300, help="of the other styles that want accounts, each")
    parser.add_argument("--seconds", type=float, default=330, help="of the attack; before it a sixth of that is quiet")
    parser.add_argument("--report", type=Path, default=REPORT)
    parser.add_argument("--quick", action="store_true", help="a fifth of all, for a look")
    options = parser.parse_args()
    if options.quick:
        options.people, options.slow, options.bots = options.people // 5, options.slow // 10, options.bots // 5
        options.seconds /= 5
    with _portal() as stack:
        return _report(stack, options)


@contextmanager
def _portal() -> "Iterator[Stack]":
    with Stack.temporary(TRUSTED_PROXY_COUNT="1") as stack:
        os.environ.update(stack.env, DJANGO_SETTINGS_MODULE="ciam_portal.settings")
        import django
        from django.conf import settings

        django.setup()
        settings.MAIL_DOMAINS = "tests.abuse.people.Hosts"  # asked here first, and kept where the portal looks
        _settle()  # what the demonstration's people are told
        for mail in stack.mail_dir.glob("*.eml"):
            mail.unlink()
        yield stack


def _report(stack: Stack, options: argparse.Namespace) -> int:
    from tests.abuse import mailbox, people, story
    from tests.abuse.door import Purse
    from tests.abuse.people import Style

    victims = [*KNOWN, *(f"nobody.{n}@elsewhere.example" for n in range(5))]
    quiet = list(people.genuine(options.people // 6, options.seed + 1))
    crowd = list(people.genuine(options.people, options.seed))
    few = options.bots // 5
    wanted = {Style.FLOOD: options.bots, Style.SLOW: options.slow, Style.RESIDENTIAL: options.bots}
    wanted |= {Style.BOMBER: few, Style.ENUMERATOR: few}
    bots = [list(people.bots(number, options.seed, style, victims)) for style, number in wanted.items()]
    purse, began, load = Purse(), time.monotonic(), os.getloadavg()[0]
    _look_up([*quiet, *crowd, *(each for some in bots for each in some)])
    _say(f"{len(quiet)} people on a quiet day ...")
    before = _come(stack.url, purse, (quiet, options.seconds / 6))
    _say(f"{len(crowd)} people among {sum(map(len, bots))} bots ...")
    came = _come(stack.url, purse, (crowd, options.seconds), *((some, options.seconds) for some in bots))
    _say(f"mails, and those who read them (after {time.monotonic() - began:.0f} s) ...")
    _settle()
    usable, asked = _confirm(stack, [*crowd, *(each for some in bots for each in some)])
    run = story.Outcome(before, came, usable, mailbox.numbers(stack.mail_dir), victims, frozenset(KNOWN), asked)
    found = story.goals(run)
    _say(story.table(found) + "\n\n" + story.styles(run))
    facts = story.Circumstances(purse.left, time.monotonic() - began, load, os.cpu_count() or 1)
    options.report.write_text(story.report(run, options, facts), encoding="utf-8")
    return 0 if all(each.met for each in found) else 1


def _look_up(visitors: Iterable["Visitor"]) -> None:
    """Where mail goes, as DNS would have said it."""
    from ciam_portal.core import domains

    for domain in {domains.domain_of(each.email) for each in visitors}:
        domains.mail(domain)


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


def _confirm(stack: Stack, visitors: Iterable["Visitor"]) -> tuple[frozenset[str], frozenset[str]]:
    """Whoever reads their mail follows the link in it, and shows a phone if asked and there is one.

    The addresses whose account can be used then, and those that were asked.
    """
    from tests.abuse import mailbox

    links = mailbox.links(stack.mail_dir)
    mine = [each for each in visitors if each.reads and each.email in links]
    with ThreadPoolExecutor(4) as pool:
        browsers = list(pool.map(lambda each: _confirmed(stack, each, links[each.email]), mine))
        there = [(each, browser) for each, browser in zip(mine, browsers, strict=True) if browser is not None]
        asked = bare(each.email for each, _browser in there)
        shows = [(each, browser) for each, browser in there if each.email in asked and each.phone]
        list(pool.map(lambda pair: _shows_phone(stack, *pair), shows))
    still = bare(each.email for each, _browser in there)
    return frozenset(each.email for each, _browser in there) - still, asked


def _confirmed(stack: Stack, visitor: "Visitor", link: str) -> Http | None:
    from tests.abuse.door import confirm

    browser = Http(stack.url, visitor.address)
    return browser if confirm(browser, link) else None


def _shows_phone(stack: Stack, visitor: "Visitor", browser: Http) -> bool:
    from tests.abuse import mailbox
    from tests.abuse.door import show_phone

    return show_phone(browser, visitor, lambda number: mailbox.text_code(stack.sms_dir, number))


def bare(emails: Iterable[str]) -> frozenset[str]:
    """Those whose account does nothing toward apps or others before there is evidence, as the portal itself says."""
    from accounts.models import User
    from accounts.trust import facts, policy
    from ciam_portal.core import clock
    from ciam_portal.core.policy import limits

    at, rules = clock.now(), limits.current()
    people = User.objects.filter(email__in=list(emails))
    return frozenset(
        each.email for each in people if policy.level_of(facts.evidence_of(each, at), rules, at) is policy.Trust.BARE
    )


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
