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
    THERE = "family_there", "You have added this child already."
    TOO_MANY = "family_too_many", "You have added as many children as one person can. Our help desk can add more."
    BORN_LATER = "family_born_later", "This date of birth lies in the future."
    GROWN_UP = (
        "family_grown_up",
        "At this age people answer for themselves. Invite them to open an account of their own.",
    )
    OF_AGE = "family_of_age", "They are old enough where they live to answer this themselves. Nobody does it for them."
    ASK_OTHER = (
        "family_ask_other",
        "This allows more, so the other guardian is asked first. Until they agree, it stays as it is.",
    )
    TWO = "family_two", "Two people answer for this child already. Our help desk knows more."
    INVITED = "family_invited", "Somebody is invited already. Take that back first."
    OWN = "family_own", "This is an address of your own. Name somebody else."
    NOT_FOR_YOU = "family_not_for_you", "This was sent to another email address than yours."
    NOT_OPEN = "family_not_open", "This was answered, taken back or is too old. Nothing was changed."
    ALREADY = "family_already", "You answer for this child already."
    NOT_CURRENT = "family_not_current", "What this is about has changed since it was asked. Nothing was changed."
    LAST = "family_last", "Nobody but you answers for this child. Somebody else has to before you can leave."
    NO_OTHER = "family_no_other", "Nobody else answers for this child."
    ASKED = "family_asked", "This is asked for already."
    NEVER = "family_never", "Guardians cannot do this for a child."
    COOLING_OFF = "family_cooling_off", "This can be decided once the days to think it over have passed."
    NOT_DESK = "family_not_desk", "Only the help desk may do this, and not about oneself."
    NOT_APPROVER = "family_not_approver", "Only an approver may do this, and not by a role for an hour."
    SAME_PERSON = "family_same_person", "You did the first step, so somebody else has to decide."
    NOT_PROPOSED = "family_not_proposed", "One of our staff has to propose it first."
    TOO_YOUNG = "family_too_young", "They get a sign-in of their own once they are old enough where they live."
    CLAIMED = "family_claimed", "This account has a sign-in of its own already."
    LINK_DEAD = "family_link_dead", "This link no longer works: it was used, is too old, or a newer one was sent."
    NOT_DUE = "family_not_due", "There is nothing to be done about this yet."
    PROTECTED = "family_protected", "What guardians can do for this child is paused. Our help desk knows more."
