"""One plain sentence for each reason, for the customer. A test demands one for every reason there is."""

from enum import StrEnum

from django.utils.translation import gettext as _

FALLBACK = "This cannot be done right now."


def sentence(reason: StrEnum) -> str:
    """What the person reads: their problem and what to do, never what an attacker could use."""
    return _(str(getattr(reason, "words", "")) or FALLBACK)
