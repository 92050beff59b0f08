"""What people type, in one form, whichever keyboard, language or clipboard it came from."""

import unicodedata

_JOINERS = frozenset("\u200c\u200d")  # they make letters of Persian, Hindi and others, and families of emoji
_LEFT_OUT = frozenset({"Cf", "Pd", "Zs", "Cc"})  # joiners and marks, dashes, spaces, ends of lines


class NotPlain(ValueError):
    """It holds what nobody types: controls, or marks that turn the direction of text."""


def code(text: str) -> str:
    """A code without what stands between its groups, any script's digits as 0 to 9, letters at full width as usual."""
    kept = (letter for letter in unicodedata.normalize("NFKC", text) if unicodedata.category(letter) not in _LEFT_OUT)
    plain = "".join(str(unicodedata.decimal(letter)) if letter.isdecimal() else letter for letter in kept)
    return unicodedata.normalize("NFKC", plain)


def name(text: str) -> str:
    """A name in Unicode form NFC, each space an ordinary one (RFC 8266 section 2.1). Raises NotPlain."""
    text = unicodedata.normalize("NFC", text)
    spaced = "".join(" " if letter in "\t\r\n" or unicodedata.category(letter) == "Zs" else letter for letter in text)
    found = " ".join(part for part in spaced.split(" ") if part.strip("".join(_JOINERS)))
    if not "".join(letter for letter in found if letter not in _JOINERS).isprintable():
        raise NotPlain
    return found
