"""The verbs of getting back in."""
