"""What is looked at of a sign-up beside its browser and its address."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Form:
    """How the form was filled in, and from where. The default is what comes to us without a form of ours.

    ``accounts``: opened lately in this browser. ``crowded``: its network has asked for more than one network may.
    ``challenged_at``: when the challenge was passed; ``is_paid``: by work, which no budget of a network counts.
    """

    filled_seconds: float | None = None
    trapped: bool = False
    accounts: int | None = None
    crowded: bool = False
    challenged_at: datetime | None = None
    is_paid: bool = False


UNSEEN = Form()
