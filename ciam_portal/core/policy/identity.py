"""How well it is known who a customer is (NIST SP 800-63A-4): what was shown of a person, not how they signed in."""

from enum import IntEnum


class Identity(IntEnum):
    """Identity assurance level, ordered. A check of a document, in person or as good, is that of IAL2."""

    SELF_ASSERTED = 0
    ADDRESS = 1
    PHONE = 2
    DOCUMENT = 3

    @property
    def word(self) -> str:
        """As the policy file and claims say it."""
        return self.name.lower()
