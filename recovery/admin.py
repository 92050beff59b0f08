"""Where Django's admin looks for pages."""

from recovery.desk.admin import cases

__all__ = ["cases"]
