"""Names that others give themselves: plain, of one script, and of nobody else whom customers know."""

import re
import unicodedata
from collections.abc import Iterable

_SHORTEST, _LONGEST = 2, 60
_TELLING = 6  # a name of so many letters or more is known within a longer one, too
# Letters and figures that look like one of a to z (UTS 39, of the scripts that are read beside it).
_LIKE = (
    "аa вb еe іi јj кk мm нh оo рp сc ѕs тt уy хx һh ԁd ԛq ԝw ӏl гr αa βb γy εe ηn ιi κk νv οo ρp τt υu χx ωw ϲc ϳj"  # noqa: RUF001  (that is the point)
    " 0o 1l |l 5s $s"
)
_LOOKS_LIKE = str.maketrans({pair[0]: pair[1] for pair in _LIKE.split()})
_PAIRS = (("rn", "m"), ("vv", "w"), ("i", "l"))
_ADDRESS = re.compile(r"://|www\.|@", re.IGNORECASE)


def is_plain(name: str) -> bool:
    """Whether it can be shown: a few visible letters of one script, no address, nothing that turns or hides text."""
    is_short = _SHORTEST <= len(name) <= _LONGEST and name == name.strip()
    if not is_short or name != unicodedata.normalize("NFC", name) or not name.isprintable() or _ADDRESS.search(name):
        return False
    letters = [unicodedata.name(each, "?").split()[0] for each in name if each.isalpha()]
    return bool(letters) and len(set(letters)) == 1


def imitates(name: str, known: Iterable[str]) -> bool:
    """Whether somebody could take it for one of these, by its letters or what they look like."""
    own = looks(name)
    others = filter(None, map(looks, known))
    return any(own == each or (len(each) >= _TELLING and each in own) for each in others)


def looks(name: str) -> str:
    """What is left of it for a quick eye: two names that look alike are one."""
    text = "".join(each for each in unicodedata.normalize("NFKD", name).casefold() if not unicodedata.combining(each))
    text = "".join(each for each in text.translate(_LOOKS_LIKE) if each.isalnum())
    for pair, one in _PAIRS:
        text = text.replace(pair, one)
    return text
