"""What is looked at of a sign-up beside its browser and its address."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Work:
    """The ticket whose work was done, and until when (seconds since 1970) it could be shown."""

    ticket: str
    until: float


@dataclass(frozen=True, slots=True)
class Form:
    """How the form was filled in, and from where. The default is what comes to us without a form of ours.

    ``accounts``: opened lately in this browser. ``crowded``: its network has asked for more than one network may.
    ``challenged_at``: when the challenge was passed; ``work``: by which work, which pays for what a network may ask.
    """

    filled_seconds: float | None = None
    trapped: bool = False
    accounts: int | None = None
    crowded: bool = False
    challenged_at: datetime | None = None
    work: Work | None = None


UNSEEN = Form()
