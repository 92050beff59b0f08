"""The settings of libraries that stand on numbers of the policy. Pure: limits in, names and values out.

Each of these is read by its library at every use, so a version that is approved while the portal runs reaches it: see
``ciam_portal.governance.deciding``. Whatever else depends on the policy asks ``limits.running()`` itself.
"""

from typing import Any

from ciam_portal.policy.limits import Limits


def derived(limits: Limits) -> dict[str, Any]:
    """What Django's settings say under this policy."""
    return {
        "SESSION_COOKIE_AGE": limits.session.absolute_hours * 3600,
        "ACCOUNT_LOGIN_TIMEOUT": limits.sign_in.pending_minutes * 60,
        "ACCOUNT_RATE_LIMITS": {  # failed sign-ins belong to axes; mails asked for are counted in accounts.proofs
            "login": f"{limits.sign_in.attempts_per_address_per_minute}/m/ip",
            "signup": f"{limits.sign_up.per_address_per_hour}/h/ip",
            "login_failed": None,
            "confirm_email": None,
            "reset_password": None,
            "reset_password_from_key": None,
            "change_password": None,
            "manage_email": None,
            "reauthenticate": None,
        },
        "OTP_TOTP_THROTTLE_FACTOR": limits.factors.throttle_seconds,
    }
