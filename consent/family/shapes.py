"""What a family is made of: roles, bands of age, and how somebody came to answer for a child."""

from datetime import date
from enum import StrEnum
from typing import NamedTuple

from ciam_portal.core.policy.reason import Worded


class Band(StrEnum):
    """How old somebody is, by the rules of where they live."""

    CHILD = "child"  # others consent for them
    TEEN = "teen"  # they consent themselves, and are not grown up
    ADULT = "adult"


class Role(StrEnum):
    """What somebody is in a family. It lets nobody do anything: that, responsibility does."""

    GUARDIAN = "guardian"
    CHILD = "child"
    TEEN = "teen"
    ADULT = "adult"


class Method(Worded):
    """How it is known that somebody answers for a child, from the weakest on."""

    DECLARED = "declared", "Said so, signed in with a second step."
    INVITED = "invited", "Named by another guardian of the child, and said so too."


class Asks(StrEnum):
    """For what somebody in a family waits for somebody else."""

    INVITE = "invite"  # that another person answers for the child too
    CONSENT = "consent"  # a yes for the child, about the use of its data
    POWER = "power"  # that guardians may do one thing more


class Removing(StrEnum):
    """Where it stands that one guardian wants another one to answer for a child no longer."""

    WAITING = "waiting"  # cooling off, then for our staff
    PROPOSED = "proposed"  # by one of our staff, for a second one
    REMOVED = "removed"
    KEPT = "kept"
    WITHDRAWN = "withdrawn"


PENDING = (Removing.WAITING, Removing.PROPOSED)


class Over(StrEnum):
    """Why somebody answers for a child no longer."""

    LEFT = "left"
    REMOVED = "removed"
    GROWN_UP = "grown_up"


class What(StrEnum):
    """What an age is for."""

    CONSENT = "consent"
    MAJORITY = "majority"


class Rule(NamedTuple):
    """One row of the table of ages: in this country, from this day on."""

    country: str
    what: What
    age: int
    valid_from: date
    source: str
    certainty: str


ANYWHERE = "*"
"""The country of the rows that hold where nothing is known."""
