"""Why something about a family cannot be done."""

from ciam_portal.core.policy.reason import ReasonBase


class Reason(ReasonBase):
    """Why not. ``words`` is what the person reads."""

    NOT_YOURS = "family_not_yours", "Only somebody who answers for this child can do that."
    NO_SECOND_STEP = (
        "family_no_second_step",
        "To answer for a child, your own account needs a second step. Add one under Security, then try again.",
    )
    NOT_ADULT = "family_not_adult", "Only an adult can answer for a child. Please confirm that you are one."
    NOT_RESPONSIBLE = "family_not_responsible", "Please confirm that you are responsible for this child by law."
    TOO_MANY = "family_too_many", "You have added as many children as one person can. Our help desk can add more."
    BORN_LATER = "family_born_later", "This date of birth lies in the future."
    GROWN_UP = (
        "family_grown_up",
        "At this age people answer for themselves. Invite them to open an account of their own.",
    )
    OF_AGE = "family_of_age", "They are old enough where they live to answer this themselves. Nobody does it for them."
    PROTECTED = "family_protected", "What guardians can do for this child is paused. Our help desk knows more."
