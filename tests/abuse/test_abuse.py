"""The bench in miniature, in this process: everybody comes, mails arrive, and the goals that need no clock are met."""

from argparse import Namespace
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from accounts.registration import challenges
from ciam_portal.core import clock
from ciam_portal.core.outbox import tasks
from ciam_portal.core.outbox.models import Notice
from tests import factories
from tests.abuse import door, mailbox, people, story
from tests.abuse.door import Page

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
def test_the_whole_bench_in_miniature(settings: Any, tmp_path: Path) -> None:
    settings.TRUSTED_PROXY_COUNT = 1
    settings.EMAIL_BACKEND, settings.MAIL_DIR = "ciam_portal.core.outbox.channels.MailFiles", str(tmp_path)
    factories.customer(KNOWN)
    victims, purse = [KNOWN, "nobody@elsewhere.example"], door.Purse()
    crowd, bots = list(people.genuine(8, 1)), list(people.bots(25, 1, victims))
    came = [door.visit(each, InProcess(each), purse, wait=lambda _seconds: None) for each in (*crowd, *bots)]
    deliver()
    links = mailbox.links(tmp_path)
    reading = [each for each in (*crowd, *bots) if each.reads and each.email in links]
    usable = frozenset(each.email for each in reading if door.confirm(InProcess(each), links[each.email]))
    run = story.Outcome([], came, usable, mailbox.numbers(tmp_path), victims, frozenset({KNOWN}))
    found = {goal.what: goal for goal in story.goals(run, timed=False)}
    assert [goal.what for goal in found.values() if not goal.met] in ([], ["fake accounts that became usable"])
    assert {each.visitor.email for each in run.fakes if each.visitor.email in usable} <= {
        each.visitor.email for each in run.owned
    }
    assert run.most == 3
    text = story.report(run, Namespace(seed=1, people=8, bots=25, seconds=0), purse.left, 0)
    assert "| genuine people refused | 0 | 0 | met |" in text


def test_the_same_seed_makes_the_same_people() -> None:
    assert list(people.bots(50, 3, [KNOWN])) == list(people.bots(50, 3, [KNOWN]))
    assert {each.style for each in people.bots(5, 3, [KNOWN])} | {each.style for each in people.genuine(60, 3)} == set(
        people.Style
    )


def test_no_bot_computes_more_than_it_can_pay() -> None:
    purse = door.Purse(left=1.0)
    assert [purse.pay(13) for _ in range(8)] == [True] * 6 + [False] * 2
