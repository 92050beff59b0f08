"""Locking an account and unlocking it, and noting changes so that they can be taken back."""
