"""The help desk's pages about recoveries: the queue, one case, and what may be done with it."""

from recovery.admin import cases

__all__ = ["cases"]
