"""What people type, in one form, whichever keyboard, language or clipboard it came from."""

import re
import unicodedata

_JOINERS = frozenset("\u200c\u200d")  # they make letters of Persian, Hindi and others, and families of emoji
_ALPHABETS = frozenset(
    {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"}
)  # with look-alikes in each other
_LIKE_LATIN = frozenset("аеорсухіјѕһԁӏԛԝАВЕЅІЈКМНОРСТУХԌԚԜοαινυρΑΒΕΖΗΙΚΜΝΟΡΤΥΧ")
_ALIKE = 3  # letters from which on a word of nothing but these is no accident
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


def is_plain(text: str) -> bool:
    """Whether a line that a program wrote reads as what it is: no controls, marks or fancy letters, no look-alikes.

    Nor links: what a program says leads nowhere.
    """
    if unicodedata.normalize("NFKC", text) != text or not text.isprintable() or " ".join(text.split()) != text:
        return False
    if "://" in text or "www." in text.lower():
        return False
    found = [_alphabets(word) for word in re.findall(r"[^\W\d_]+", text)]
    if any(len(each) > 1 for each in found):
        return False
    latin = any(each == {"LATIN"} for each in found)
    return not (latin and any(_looks_latin(word) for word in re.findall(r"[^\W\d_]+", text)))


def _alphabets(word: str) -> frozenset[str]:
    """Those of its letters that have letters which look like another one's."""
    return frozenset(unicodedata.name(letter, "").split(" ")[0] for letter in word) & _ALPHABETS


def _looks_latin(word: str) -> bool:
    return len(word) >= _ALIKE and set(word) <= _LIKE_LATIN
