"""Where Django's admin looks for pages."""

from recovery.desk.admin import cases
from recovery.succession import admin as succession

__all__ = ["cases", "succession"]
