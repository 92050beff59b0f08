"""One text for each mail, and its two frames: plain text and HTML.

``mail/<template>.txt`` is written as plain text reads: the subject, the one sentence that matters, then the parts, with
empty lines between them. Lines that begin with "- " are a list. A line of words above an address of ours is a link; at
the end they become buttons, the very last first. The lines below "--" take the places of those in the foot.

The whole is filled in as text, and escaped as a whole where it becomes HTML: no word is markup there, or escaped here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.template import Context, Engine
from django.template.loader import render_to_string
from django.utils.translation import get_language


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail, ready to be sent."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Part:
    """What stands between two empty lines: a paragraph, a list (``items``), or words that lead to ``link``."""

    words: str = ""
    items: tuple[str, ...] = ()
    link: str = ""

    @classmethod
    def of(cls, text: str) -> "Part":
        """The part that these lines make."""
        lines = [line.strip() for line in text.splitlines()]
        if all(line.startswith("- ") for line in lines):
            return cls(items=tuple(line.removeprefix("- ") for line in lines))
        if len(lines) == 2 and _is_ours(lines[1]):  # noqa: PLR2004  (words, and where they lead)
            return cls(lines[0].removesuffix(":"), link=lines[1])
        return cls(" ".join(lines))

    @property
    def plain(self) -> str:
        """As the plain frame says it."""
        if self.items:
            return "\n".join(f"- {item}" for item in self.items)
        return f"{self.words}:\n{self.link}" if self.link else self.words


def compose(kind: str, words: Mapping[str, Any]) -> Mail:
    """The mail of this kind, in the language that is active."""
    subject, lead, *told = _split(fill(f"mail/{kind}.txt", words))
    foot = fill("mail/foot.txt", words).splitlines()
    if told[-1].startswith("--\n"):
        own = told.pop().splitlines()[1:]
        foot = [*own, *foot[len(own) :]]
    subject = f"{subject} - {settings.PORTAL_NAME}"
    parts = [Part.of(each) for each in told]
    buttons = []
    while parts and parts[-1].link:
        buttons.append(parts.pop())
    told = [part.plain for part in (*parts, *buttons)]
    text = "\n\n".join([lead, *told, "\n".join(["-- ", settings.PORTAL_NAME, *foot])])
    frame = {"subject": subject, "lead": lead, "parts": parts, "buttons": buttons, "foot": foot}
    html = render_to_string("mail/frame.html", {**frame, "portal_name": settings.PORTAL_NAME})
    return Mail(subject, f"{text}\n", html)


def fill(template: str, words: Mapping[str, Any]) -> str:
    """A text with its words, each on one line and nothing escaped; from the folder of the active language, if there."""
    folder, name = template.split("/")
    found = Engine.get_default().select_template([f"{folder}/{get_language()}/{name}", template])
    host = urlsplit(settings.PUBLIC_URL).hostname  # in texts with a code: only there may a phone fill it in (WebOTP)
    ours = {
        "portal_name": settings.PORTAL_NAME,
        "portal_url": settings.PUBLIC_URL,
        "host": host,
        "help_desk": settings.HELP_DESK,
    }
    flat = {key: _flat(word) for key, word in words.items()}
    return found.render(Context(flat | ours, autoescape=False)).strip()


def _flat(word: Any) -> Any:  # noqa: ANN401  (whatever a notice says)
    """No line of its own comes with a word: lines are the structure."""
    if isinstance(word, list | tuple):
        return [_flat(each) for each in word]
    return " ".join(word.split()) if isinstance(word, str) else word


def _split(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"\n\s*\n", text)]


def _is_ours(address: str) -> bool:
    return address == settings.PUBLIC_URL or address.startswith(f"{settings.PUBLIC_URL}/")
