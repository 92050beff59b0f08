"""How what is stored of a password begins."""

FOREIGN = "old_"
"""A hash from elsewhere, with which nobody has signed in yet (``hashers.foreign``)."""
