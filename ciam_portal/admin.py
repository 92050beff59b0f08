"""Where Django's admin looks for pages: those that stand above the apps."""

from ciam_portal.staff_site import policies, trail

__all__ = ["policies", "trail"]
