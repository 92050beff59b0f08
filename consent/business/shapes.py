"""What a business is made of: where its members stand, why somebody is one no more, and how removing an owner goes."""

from enum import StrEnum

from ciam_portal.core.policy.reason import Worded


class Stands(StrEnum):
    """Where somebody stands with a business."""

    INVITED = "invited"
    MEMBER = "member"
    GONE = "gone"


class Why(Worded):
    """Why somebody is no member, or no owner, any more."""

    LEFT = "left", "They left."
    REMOVED = "removed", "An owner removed them."
    BY_TWO = "by_two", "Two owners decided it."
    WAITED = "waited", "The other owner decided it, and nobody objected in time."
    SETTLED = "settled", "Our help desk decided it."
    REFUSED = "refused", "They refused the invitation."
    TAKEN_BACK = "taken_back", "The invitation was taken back."
    NOT_ANSWERED = "not_answered", "Nobody answered the invitation in time."
    ENDED = "ended", "What they could do for the business is over."
    NOT_ME = "not_me", "It was made in a session that was somebody else's."
    CLOSED = "closed", "The business was closed."


class Removal(StrEnum):
    """Where the removal of an owner stands."""

    ASKED = "asked"
    OBJECTED = "objected"  # the help desk decides
    DONE = "done"
    STAYS = "stays"  # the help desk decided that they remain
    OFF = "off"  # taken back, or there is nothing left to decide


OPEN = (Removal.ASKED, Removal.OBJECTED)


class Verdict(Worded):
    """What the help desk proposes about an owner whose removal they object to."""

    REMOVE = "remove", "They are an owner no more"
    STAY = "stay", "They stay an owner"
