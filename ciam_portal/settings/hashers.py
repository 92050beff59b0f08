"""How passwords are kept: ours first; then partners' secrets, and what customers brought with them."""

_ELSEWHERE = ("Bcrypt", "Argon2", "Pbkdf2", "Scrypt", "Firebase", "Digest")
PASSWORD_HASHERS = [
    "accounts.passwords.hashers.Argon2id",
    "ciam_portal.oauth.hashers.ClientSecret",
    *(f"accounts.passwords.hashers.foreign.Old{name}" for name in _ELSEWHERE),  # until their first sign-in
]
