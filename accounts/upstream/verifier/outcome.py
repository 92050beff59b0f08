"""What may come of the way to another service and back, other than an identity."""


class Over(Exception):
    """It was not begun in this browser, was gone already, or took too long."""


class Cancelled(Exception):
    """Somebody changed their mind there."""


class Failed(Exception):
    """It did not answer, or what it answered may not be believed. ``why``: a word for our log, none of what it said."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
