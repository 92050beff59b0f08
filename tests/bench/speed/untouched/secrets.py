"""Digests of client secrets, as fast as random secrets allow."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class Quick(PBKDF2PasswordHasher):
    """One round."""

    algorithm = "quick"
    iterations = 1
