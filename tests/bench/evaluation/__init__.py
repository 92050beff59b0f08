"""Judging a whole log of sign-ins with the very code that judges one, and measuring how well that went."""
