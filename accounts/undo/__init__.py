"""This wasn't me: a change is taken back with all that came after it."""
