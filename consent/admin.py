"""Where Django's admin looks for pages."""

from consent.permission import admin
from consent.purposes import admin as purposes

__all__ = ["admin", "purposes"]
