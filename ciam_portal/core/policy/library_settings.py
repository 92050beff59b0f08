"""The settings of libraries that stand on numbers of the policy. Pure: limits in, names and values out.

Each of these is read by its library at every use, so a version that is approved while the portal runs reaches it: see
``ciam_portal.governance.deciding``. Whatever else depends on the policy asks ``limits.current()`` itself.
"""

from typing import Any

from ciam_portal.core.policy.limits import Limits


def derived(limits: Limits) -> dict[str, Any]:
    """What Django's settings say under this policy."""
    return {
        "SESSION_COOKIE_AGE": limits.session.absolute_hours * 3600,
        "ACCOUNT_LOGIN_TIMEOUT": limits.sign_in.pending_minutes * 60,
        "OTP_TOTP_THROTTLE_FACTOR": limits.factors.throttle_seconds,
    }
