"""What arrived: the mails that the portal's twin of a mail server has written."""

import re
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

from ciam_portal.core.mailbox import reader

_LINK = re.compile(r"https?://[^/\s]+(/confirm-email/\S+)")


def arrived(folder: Path) -> Iterator[tuple[str, str]]:
    """To whom, and the text."""
    for path in sorted(folder.glob("*.eml")):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        body = mail.get_body(("plain",))
        yield str(mail["To"]), body.get_content() if body else ""


def links(folder: Path) -> dict[str, str]:
    """The link that confirms, of each address that got one."""
    found = {}
    for to, text in arrived(folder):
        if link := _LINK.search(text):
            found[to] = link[1]
    return found


def numbers(folder: Path) -> Counter[str]:
    """How many messages each mailbox got."""
    return Counter(reader(to) for to, _text in arrived(folder))
