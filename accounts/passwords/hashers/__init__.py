"""Argon2id at the OWASP parameters: 19 MiB, two passes, one lane (about 16 ms)."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2id(Argon2PasswordHasher):
    """Django's Argon2id hasher; its own defaults cost a hundred megabytes and eight threads for each sign-in."""

    memory_cost = 19 * 1024
    time_cost = 2
    parallelism = 1
