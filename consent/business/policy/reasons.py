"""Why something may not be done with a business."""

from ciam_portal.core.policy.reason import ReasonBase


class Reason(ReasonBase):
    """Why not. ``words`` is what the person reads."""

    NOT_AN_OWNER = "business_not_an_owner", "Only owners of this business can do that."
    NOT_A_MEMBER = "business_not_a_member", "This person is not a member of this business any more."
    NO_SECOND_STEP = (
        "business_no_second_step",
        "Whoever belongs to a business needs a second step. Add one under Security, then try again.",
    )
    THEIR_SECOND_STEP = (
        "business_their_second_step", "This person has no second step at the moment, so it cannot be done for them.",
    )  # fmt: skip
    SHUT = "business_shut", "This business is closed, or paused by our staff. Nothing was changed."
    PERSON_SHUT = "business_person_shut", "This account cannot be used at the moment."
    ENOUGH_BUSINESSES = "business_enough", "You look after as many businesses as one person can."
    ENOUGH_MEMBERS = "business_enough_members", "This business has as many members and invitations as there can be."
    ENOUGH_ROLES = "business_enough_roles", "This business has as many roles of its own as there can be."
    OWN = "business_own", "This is an address of your own. Name somebody else."
    SAME = "business_same", "This person is a member, or invited, already."
    TOO_MANY = "business_too_many", "Several people were invited today. Please come back tomorrow."
    NOT_OPEN = "business_not_open", "This was answered, taken back or is too old. Nothing was changed."
    NOT_FOR_YOU = "business_not_for_you", "This was sent to another email address than yours."
    OWN_RIGHTS = (
        "business_own_rights",
        "Nobody lets themselves do more while there is another owner. Ask the other owner to do it.",
    )
    LAST_OWNER = (
        "business_last_owner",
        "A business always has an owner. Make somebody else an owner first, or close the business.",
    )
    OTHER_OWNERS = (
        "business_other_owners", "There are other owners. Whoever closes a business is its only owner.",
    )  # fmt: skip
    TAKES_TWO = "business_takes_two", "This person is an owner. Removing an owner takes two."
    OWNER_ALREADY = "business_owner_already", "This person is an owner already."
    NOT_THEIR_OWN = "business_not_their_own", "This is about you. You can leave, or no longer be an owner, by yourself."
    ASKED_ALREADY = "business_asked_already", "The removal of this owner waits already."
    NOT_WAITING = "business_not_waiting", "This removal is decided or off. Nothing was changed."
    SAME_PERSON = "business_same_person", "Another owner has to agree: not who asked for it, not who is removed."
    TOO_NEW = (
        "business_too_new",
        "Whoever has been an owner for a short time only cannot agree to the removal of another.",
    )
    NOT_YOURS = "business_not_yours", "Only the people whom this is about can do that."
    NEEDS_ANOTHER = "business_needs_another", "Another owner has to agree first."
    STILL_WAITS = "business_still_waits", "The time in which they can object is not over."
    DESK_DECIDES = "business_desk_decides", "They object, so our help desk decides. Two people look at it."
    NOT_STAFF = "business_not_staff", "Your role cannot do this, or the business is your own affair."
    DESK_SAME_PERSON = "business_desk_same_person", "You proposed this, so somebody else must approve it."
    NOT_PROPOSED = "business_not_proposed", "Nobody of the help desk has proposed this."
    PROPOSED_ALREADY = "business_proposed_already", "Somebody of the help desk has proposed something already."
    ROLE_IN_USE = "business_role_in_use", "Somebody has this role. Give them another one first."
    SAME_NAME = "business_same_name", "There is a role of that name already."
    NO_ROLE = "business_no_role", "There is no such role any more. Please choose another one."
