"""Is this password good enough to be the only factor? Length and guessability; no composition rules (NIST 63B-4).

Spaces and all of Unicode are kept; text is compared and stored in Unicode form NFC.
"""

import hashlib
import re
import unicodedata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core import checks
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from zxcvbn import zxcvbn

from accounts.passwords import breached
from ciam_portal.core import mailbox
from ciam_portal.core.policy import limits

_ESTIMATED = 72  # zxcvbn looks at so many characters; what lies beyond only adds
_LISTED = 1024  # characters looked up in the lists; no listed entry repeated is longer
_SHORTEST_CONTEXT = 4
_RANGE_TIMEOUT = 2.0
_common = CommonPasswordValidator()
_PHRASES = {
    "".join(line.split())
    for line in Path(__file__).with_name("phrases.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
}


def normal(password: str) -> str:
    """Unicode form NFC; nothing trimmed, nothing dropped."""
    return unicodedata.normalize("NFC", password)


class Validator:
    """Django's password validator: the only one. Raises ValidationError with one plain sentence."""

    def validate(self, password: str, user: Any = None) -> None:  # noqa: ANN401  (Django's signature)
        """Check length, then whether somebody could guess it."""
        rules = limits.current().password
        password = normal(password)
        if len(password) < rules.min_length:
            words = _("Please use at least %(n)d characters. A few unusual words in a row work well.")
            raise ValidationError(words, code="too_short", params={"n": rules.min_length})
        if len(password) > rules.max_length:
            raise ValidationError(
                _("Please use at most %(n)d characters."), code="too_long", params={"n": rules.max_length}
            )
        if is_about(password, _longest_first(personal(user) + ours())):
            words = _("This password is made from your own name or email address, or from ours. Please choose another.")
            raise ValidationError(words, code="personal")
        if is_common(password) or is_breached(password):
            raise ValidationError(
                _("This password is too easy to guess, or it is known from a data leak. Please choose another one."),
                code="common",
            )

    def get_help_text(self) -> str:
        """What the form says."""
        return _("At least %(n)d characters. Spaces are welcome; a few unusual words in a row work well.") % {
            "n": limits.current().password.min_length
        }


def is_the_same(password: str, user: Any) -> bool:  # noqa: ANN401  (as below)
    """Whether the account has this very password now, so that nothing would be changed by it."""
    now = getattr(user, "password", "") or ""
    return bool(now) and check_password(password, now)


def personal(user: Any) -> list[str]:  # noqa: ANN401  (an account, saved or not, or None)
    """Words that belong to this person: the address, its parts, the parts of the name."""
    email, name = getattr(user, "email", "") or "", getattr(user, "name", "") or ""
    local, _at, domain = mailbox.shown(email.lower()).partition("@")
    parts = [email, local, domain, domain.partition(".")[0], *_words(f"{local} {name}"), name.replace(" ", "")]
    return _longest_first(parts)


def ours() -> list[str]:
    """Words that belong to this portal (ASVS 6.1.2): its name, its host, and what the operator adds (BRAND_WORDS)."""
    name, host = settings.PORTAL_NAME, urlsplit(settings.PUBLIC_URL).hostname or ""
    return _longest_first([host, *host.split("."), *_words(name), name.replace(" ", ""), *settings.BRAND_WORDS])


def _words(text: str) -> list[str]:
    return re.split(r"[^\w]+|_", text)


def _longest_first(parts: list[str]) -> list[str]:
    return sorted({part.lower() for part in parts if len(part) >= _SHORTEST_CONTEXT}, key=len, reverse=True)


def is_about(password: str, words: list[str]) -> bool:
    """Whether little is left of a password once this person's own words, digits and signs are taken out of it.

    The whole password is compared with what can be derived from the words (NIST SP 800-63B-4 section 3.1.1.2),
    so that a long passphrase may still contain a first name.
    """
    return any(_little_is_left(spell(password), [spell(word) for word in words]) for spell in (str.lower, _plain))


def _little_is_left(password: str, words: list[str]) -> bool:
    rest = password
    for word in words:
        rest = rest.replace(word, "")
    return rest != password and len(re.sub(r"[\W\d_]", "", rest)) < _SHORTEST_CONTEXT


def is_listed(password: str) -> bool:
    """Whether it stands in the shipped lists, is one of their words stretched, or is in the loaded breaches. Fast."""
    if breached.knows(_sha1(password).digest()) or _letters(password) in _PHRASES:
        return True
    plain = password[:_LISTED].lower().strip()
    stretched = re.fullmatch(r"(.+?)\1+", plain)
    cores = {plain, re.sub(r"[\W\d_]+$", "", plain), re.sub(r"^[\W\d_]+|[\W\d_]+$", "", plain)}
    if stretched:
        cores.add(stretched.group(1))
    return any(core in _common.passwords for core in cores if core)


def is_common(password: str) -> bool:
    """Whether it stands in the shipped lists, or is guessable."""
    if is_listed(password):
        return True
    guesses = float(zxcvbn(password[:_ESTIMATED], max_length=_ESTIMATED)["guesses_log10"])
    return guesses < limits.current().password.min_guesses_log10


def is_breached(password: str) -> bool:
    """Whether the k-anonymity range service, if one is set, knows it: only five digits of its SHA-1 leave the house.

    A service that fails or is late is as if it were not there: the shipped lists have decided already.
    """
    if not settings.PASSWORD_RANGE_SERVICE:
        return False
    sha1 = _sha1(password).hexdigest().upper()
    try:
        answer = httpx.get(
            f"{settings.PASSWORD_RANGE_SERVICE.rstrip('/')}/{sha1[:5]}",
            timeout=_RANGE_TIMEOUT,
            headers={"Add-Padding": "true"},
        )
        answer.raise_for_status()
    except httpx.HTTPError:
        return False
    lines = (line.partition(":") for line in answer.text.splitlines())
    return any(suffix.strip() == sha1[5:] and count.strip() != "0" for suffix, _colon, count in lines)


@checks.register(checks.Tags.security, deploy=True)
def check_breaches(**_: Any) -> list[checks.CheckMessage]:  # noqa: ANN401  (Django's signature)
    """Whether passwords known from breaches are refused at all (ASVS 6.2.12)."""
    if settings.PASSWORD_RANGE_SERVICE or breached.is_loaded():
        return []
    words = "Passwords known from data breaches are not refused: only the short shipped lists are."
    hint = "Load the published files with manage.py load_breached FILE, or set PASSWORD_RANGE_URL."
    return [checks.Warning(words, hint=hint, id="accounts.W001")]


def _sha1(password: str) -> Any:  # noqa: ANN401  (hashlib's own type has no public name)
    return hashlib.sha1(password.encode(), usedforsecurity=False)


def _letters(text: str) -> str:
    return re.sub(r"[\W\d_]", "", text.lower())


def _plain(text: str) -> str:
    """Digits and signs read as the letters they often stand for. "1" stands for two, so "l" is read as "i" too."""
    return text.lower().translate(str.maketrans("01l3457@$!", "oiieastasi"))
