"""Families: children without a sign-in of their own, who answers for them, and until when."""
