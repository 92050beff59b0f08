"""What arrived: the mails that the portal's twin of a mail server has written."""

import re
import time
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

from ciam_portal.core.mailbox import reader

_CODE = re.compile(r"\b\d{8}\b")
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


def text_code(folder: Path, number: str, patience: float = 20.0) -> str:
    """The code in the text message to this number, once it is there; nothing if none comes."""
    end = time.monotonic() + patience
    while True:
        texts = [path.read_text(encoding="utf-8") for path in folder.glob("*.txt")]
        found = [code for text in texts if number in text and (code := _CODE.search(text))]
        if found or time.monotonic() >= end:
            return found[-1][0] if found else ""
        time.sleep(0.2)


def numbers(folder: Path) -> Counter[str]:
    """How many messages each mailbox got."""
    return Counter(reader(to) for to, _text in arrived(folder))
