"""What is told about activity: every message renders, in both forms, with its words and its link."""

import dataclasses
from typing import Any

import pytest
from django.conf import settings

from accounts.activity import notices
from accounts.models import Dispute
from ciam_portal.core.outbox import mail
from ciam_portal.core.outbox.notice import NoticeBase
from tests.house.test_every_notice import written

TOLD = {"when": "1 March 2026, 12:00 (UTC)", "where": "<Firefox> on Linux, Norway"}
SEEN: dict[str, Any] = {"browser": "<Firefox>", "place": "Norway, network 192.0.2.0/24", "when": TOLD["when"]}
LINK = f"{settings.PUBLIC_URL}/somewhere/"
NOTICES: list[NoticeBase] = [
    notices.NewDevice(link=LINK, until="11 March 2026, 12:00 (UTC)"),
    notices.SignInStopped(password_link=LINK),
    notices.SessionDisowned(**SEEN, password_link=LINK, security_link=LINK, codes=False),
    notices.SessionDisowned(**SEEN, password_link=LINK, security_link=LINK, codes=True),
    notices.DisputeOpened(number="0123", password_link=LINK),
    *[notices.DisputeClosed(number="0123", found=outcome) for outcome in Dispute.Outcome.values],
]


@pytest.mark.parametrize("notice", NOTICES, ids=lambda notice: type(notice).__name__)
def test_every_message_renders_with_its_words(notice: NoticeBase) -> None:
    words = TOLD | dataclasses.asdict(notice)
    source = written(f"mail/{notice.template}.txt")
    composed = mail.compose(notice.template, words)
    subject, text, page = composed.subject, composed.text, composed.html
    assert subject.strip()
    assert "\n" not in subject
    for name, word in words.items():
        if f"{{{{ {name} }}}}" in source:
            assert word in text, name
    assert ("backup code" in text) is ("backup code" in page) is words.get("codes", False)
    assert "<Firefox>" not in page
    assert ("&lt;Firefox&gt;" in page) == ("{{ browser }}" in source or "{{ where }}" in source)
    assert (f'href="{LINK}"' in page) == (LINK in words.values())


def test_every_outcome_has_words_of_its_own() -> None:
    said = {
        mail.compose("dispute_closed", {"number": "1", "found": outcome}).text for outcome in Dispute.Outcome.values
    }
    assert len(said) == len(Dispute.Outcome)
