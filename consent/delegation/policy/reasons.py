"""Why somebody may not act, or let somebody act."""

from ciam_portal.core.policy.reason import ReasonBase


class Reason(ReasonBase):
    """Why not. ``words`` is what the person reads."""

    NOT_ACCEPTED = "delegation_not_accepted", "This has not been accepted yet."
    PAUSED = "delegation_paused", "The owner of the account has paused this."
    ENDED = "delegation_ended", "You can no longer act for this person. Nothing was changed."
    NOT_YET = "delegation_not_yet", "This has not begun yet."
    OWNER_SHUT = "delegation_owner_shut", "The account that you act for cannot be used at the moment."
    DELEGATE_SHUT = "delegation_delegate_shut", "Your own account cannot be used at the moment."
    NO_SECOND_STEP = (
        "delegation_no_second_step",
        "To act for somebody else, your own account needs a second step. Add one under Security, then try again.",
    )
    NEVER = "delegation_never", "Nobody can do this for somebody else. Only the owner of the account can."
    NOT_GRANTED = "delegation_not_granted", "The owner of the account has not let you do this."
    NOT_FOR_APP = "delegation_not_for_app", "The owner of the account has not let you do this in this app."
    NO_AMOUNT = "delegation_no_amount", "This is allowed up to an amount only, and here the amount is missing."
    OTHER_CURRENCY = "delegation_other_currency", "This is allowed in another currency only."
    TOO_MUCH = "delegation_too_much", "This is more than the owner of the account allows at a time."
    MONTH_SPENT = "delegation_month_spent", "With this, more would be spent than the owner allows in a month."
    TOO_OFTEN = "delegation_too_often", "This was done as often today as the owner of the account allows."
    ASK_OWNER = "delegation_ask_owner", "The owner of the account wants to be asked each time before this is done."

    OWN = "delegation_own", "This is an address of your own. Name somebody else."
    SAME = "delegation_same", "There is one with this person already. End it, or change it."
    CIRCLE = (
        "delegation_circle",
        "One of you acts for the other already. It cannot be both ways: end the other one first.",
    )
    ENOUGH = (
        "delegation_enough_open",
        "As many of these as there can be are waiting for an answer. Take one back first.",
    )
    TOO_MANY = "delegation_too_many", "You have asked several people today. Please come back tomorrow."
    CLOSED = (
        "delegation_closed",
        "This person has refused several times. You can ask them again later, when some weeks are over.",
    )
    NOTHING = "delegation_nothing", "Please choose at least one thing that the other person may do."
    NOT_OFFERED = "delegation_not_offered", "One of these things cannot be done for somebody else."
    NO_LIMIT = "delegation_no_limit", "Please say up to which amount payments may be made."
    BAD_LIMIT = "delegation_bad_limit", "Please look at the limits again: they do not go together."
    TOO_LONG = "delegation_too_long", "Please choose an earlier end: this lasts for twelve months at most."
    NOT_OPEN = "delegation_not_open", "This was answered, taken back or is too old. Nothing was changed."
    NOT_FOR_YOU = "delegation_not_for_you", "This was sent to another email address than yours."
    NOT_YOURS = "delegation_not_yours", "Only the people whom this is about can do that."
    FAMILY = "delegation_family", "This belongs to a family, and is changed on the Family page."
    NOT_ACTIVE = "delegation_not_active", "This does not work at the moment, so there is nothing to pause."
    NOT_PAUSED = "delegation_not_paused", "This is not paused."
    NOT_DUE = "delegation_not_due", "There is nothing to be done about this yet."
