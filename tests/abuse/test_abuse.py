"""The bench in miniature, in this process: everybody comes, mails arrive, and the goals that need no clock are met."""

from argparse import Namespace
from collections.abc import Mapping
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from accounts.registration import challenges
from ciam_portal.core import clock, domains
from ciam_portal.core.outbox import tasks
from ciam_portal.core.outbox.models import Notice
from ciam_portal.core.policy import limits
from tests import factories
from tests.abuse import door, mailbox, people, story
from tests.abuse.__main__ import bare
from tests.abuse.door import Page
from tests.abuse.people import Style

pytestmark = pytest.mark.django_db
KNOWN = "victim@example.com"


class InProcess:
    """A browser that needs no network; its form was opened as long ago as it says."""

    def __init__(self, visitor: people.Visitor) -> None:
        self._client, self._seconds = Client(HTTP_X_FORWARDED_FOR=visitor.address), visitor.seconds

    def get(self, path: str) -> Page:
        page = self._page(self._client.get(path, follow=True), path)
        opened = challenges.opened(clock.now() - timedelta(seconds=self._seconds))
        return Page(
            page.status,
            f'<input name="begun" value="{escape(opened)}">' if path == "/sign-up/" else page.text,
            page.path,
        )

    def post(self, path: str, data: Mapping[str, str]) -> Page:
        return self._page(self._client.post(path, dict(data)), path)

    def _page(self, answer: Any, path: str) -> Page:
        followed = getattr(answer, "redirect_chain", [])
        return Page(answer.status_code, answer.text, followed[-1][0] if followed else path)


def deliver() -> None:
    for key in list(Notice.objects.filter(state=Notice.State.WAITING).values_list("pk", flat=True)):
        tasks.deliver(notice=str(key))


@pytest.mark.control("v5.0.0-2.4.1", "63A 3.5(2)")
def test_the_whole_bench_in_miniature(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.TRUSTED_PROXY_COUNT = 1
    settings.EMAIL_BACKEND, settings.MAIL_DIR = "ciam_portal.core.outbox.channels.MailFiles", str(tmp_path / "mail")
    settings.SMS_DIR = str(tmp_path / "sms")
    monkeypatch.setattr(domains, "_asked", people.Hosts)
    monkeypatch.setattr(clock, "even", lambda _beats=1: nullcontext())  # nobody measures here how long it takes
    factories.customer(KNOWN)
    victims, purse = [KNOWN, "nobody@elsewhere.example"], door.Purse()
    crowd = [*people.genuine(4, 1), *(each for each in people.genuine(160, 1) if each.style is Style.COMPANY)]
    wanted = {Style.FLOOD: 3, Style.SLOW: 3, Style.RESIDENTIAL: 31, Style.BOMBER: 5, Style.ENUMERATOR: 5}
    bots = [each for style, number in wanted.items() for each in people.bots(number, 1, style, victims)]
    bots = [each for n, each in enumerate(bots) if each.style is not Style.RESIDENTIAL or each.reads or n % 8 == 0]
    came = [door.visit(each, InProcess(each), purse, wait=lambda _seconds: None) for each in (*crowd, *bots)]
    deliver()
    links = mailbox.links(tmp_path / "mail")
    browsers = {each: InProcess(each) for each in (*crowd, *bots) if each.reads and each.email in links}
    there = [each for each, browser in browsers.items() if door.confirm(browser, links[each.email])]
    asked = bare(each.email for each in there)
    shown = [each for each in there if each.email in asked and each.phone]
    assert all(door.show_phone(browsers[each], each, lambda to: code(tmp_path / "sms", to)) for each in shown)
    usable = frozenset(each.email for each in there) - bare(each.email for each in there)
    run = story.Outcome([], came, usable, mailbox.numbers(tmp_path / "mail"), victims, frozenset({KNOWN}), asked)
    met = {goal.what: goal.met for goal in story.goals(run, timed=False)}
    assert [what for what, is_met in met.items() if not is_met] == [
        "fake accounts that became usable", "genuine people challenged, or asked for a phone",  # of so few
    ]  # fmt: skip
    assert len(run.owned) == 4
    assert run.used(run.owned) == run.used(run.fakes) == limits.current().trust.first_at_host
    assert run.among(run.people, asked) == people.COMPANY - limits.current().trust.first_at_domain
    assert run.most == 3
    options = Namespace(seed=1, people=len(crowd), bots=3, slow=3, seconds=0)
    text = story.report(run, options, story.Circumstances(purse.left, 0, 0, 2))
    assert "| genuine people refused | 0 | 0 | met |" in text


def code(folder: Path, to: str) -> str:
    """What the text message to this number says."""
    deliver()
    return mailbox.text_code(folder, to, patience=0)


def test_the_same_seed_makes_the_same_people() -> None:
    found = list(people.bots(50, 3, Style.RESIDENTIAL, [KNOWN]))
    assert found == list(people.bots(50, 3, Style.RESIDENTIAL, [KNOWN]))
    assert sum(each.reads for each in found) == 5
    crowd = list(people.genuine(300, 3))
    assert {each.style for each in crowd} == set(people.GENUINE)
    assert [sum(each.style is style for each in crowd) for style in (Style.COMPANY, Style.NAMESAKE)] == [6, 3]
    assert len({each.address for each in people.bots(6000, 3, Style.SLOW, [KNOWN])}) > 4900


def test_no_bot_computes_more_than_it_can_pay() -> None:
    purse = door.Purse(left=1.0)
    assert [purse.pay(13) for _ in range(8)] == [True] * 6 + [False] * 2
