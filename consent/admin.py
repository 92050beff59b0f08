"""Where Django's admin looks for pages."""

from consent.permission import admin

__all__ = ["admin"]
