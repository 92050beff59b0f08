"""Reads over what sign-ins left behind: what they teach, what only shows afterwards, whether the score still fits."""
