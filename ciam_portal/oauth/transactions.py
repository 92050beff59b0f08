"""What a partner is about to do for a customer, as decisions are asked about it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Transaction:
    """What is to be done. ``amount`` and ``currency`` None: the caller named none."""

    action: str
    amount: int | None = None
    currency: str | None = None
    resource: tuple[str, str] = ("", "")
