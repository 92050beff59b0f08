"""Why the gate says: not (yet). What customers read; the other registers stand in ``core.explain.reasons``."""

from ciam_portal.core.policy.reason import ReasonBase


class Reason(ReasonBase):
    """Why not (yet). ``words`` is what the customer reads: nothing that helps somebody else get further."""

    UNKNOWN_ACTION = "unknown_action", "This cannot be done here."
    WRONG_DOOR = "wrong_door", "This cannot be done from here. Please use the portal's own pages."
    NEVER_DELEGATED = "never_delegated", "Nobody can do this for somebody else. Only the owner of the account can."
    ACCOUNT_CLOSED = "account_closed", "This account is closed."
    SESSION_OVER = "session_over", "You are signed out. Please sign in again."
    PROVE_MORE = "prove_more", "This is sensitive, so please show once more that it is you."
    UNUSUAL = "unusual", "Something about this is unusual for your account, so please show once more that it is you."
    ON_HOLD = (
        "on_hold",
        "This has to wait, because something about it is unusual for your account. Nothing was changed.",
    )
    QUARANTINE = (
        "quarantine",
        "Access to this account was restored a short time ago. To protect it, this has to wait. Nothing was changed.",
    )
    SUSPENDED = (
        "suspended",
        "This account is paused for a while to protect it, so this has to wait. Nothing was changed.",
    )
    RESTRICTED = (
        "restricted",
        "To protect this account we ask more often for a while, so please show once more that it is you.",
    )
    SIGN_IN_HELD = (
        "sign_in_held",
        "What you typed is right, but too much about this sign-in is unusual for your account, so it has to wait.",
    )
    SHOW_IDENTITY = (
        "show_identity",
        "For this we need to know better who you are. See Security, Your identity, for how to show it; then try again.",
    )
    TOO_RISKY = "too_risky", "This cannot be done right now, to protect your account. Nothing was changed."
    SIGN_UP_CHALLENGED = (
        "sign_up_challenged",
        "Something about this sign-up looks like what programs do, so one more step is needed.",
    )
    SIGN_UP_HELD = "sign_up_held", "A person looks at this sign-up before the account can be opened."
    SIGN_UP_REFUSED = "sign_up_refused", "An account cannot be opened this way."
