"""Checkpoints: what the portal signs of its tree, and what it knows again."""

import base64
import json
import re

from django.conf import settings

from ciam_portal.core.crypto import notes
from ciam_portal.core.crypto.notes import Checkpoint

_LINE = re.compile(r'"audit_checkpoint": "([A-Za-z0-9_=-]+)"')
_NOTE = re.compile(r"(?:[^\n\u2014].*\n)+\n(?:\u2014 .*\n)+")


def signed(size: int, root: bytes) -> str:
    """The note: signed by every key of ours, so that whoever knows a former one can go on."""
    return notes.sign(
        Checkpoint(settings.AUDIT_ORIGIN, size, root).body, settings.AUDIT_ORIGIN, settings.CHECKPOINT_KEYS
    )


def opened(note: str) -> Checkpoint:
    """The checkpoint in a note that one of our keys signed. Raises NotANote."""
    origin = note.partition("\n")[0]  # the portal may have had another address
    keys = [notes.public(seed) for seed in settings.CHECKPOINT_KEYS]
    return notes.read_checkpoint(notes.opened(note, {origin: keys}))


def verifiers() -> list[str]:
    """The lines by which others know our keys, the first one first."""
    return [notes.verifier(settings.AUDIT_ORIGIN, notes.public(seed)) for seed in settings.CHECKPOINT_KEYS]


def line(note: str) -> str:
    """The note as one line of JSON, for the log."""
    return json.dumps({"audit_checkpoint": base64.urlsafe_b64encode(note.encode()).decode()})


def found_in(text: str) -> list[str]:
    """All notes in a file: one after another, as a witness keeps them, or in lines of a log."""
    lines = [base64.urlsafe_b64decode(found).decode(errors="replace") for found in _LINE.findall(text)]
    return [*lines, *_NOTE.findall(text)]
