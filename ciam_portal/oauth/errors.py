"""What a machine is told when it may not go on."""


class ProtocolError(Exception):
    """``error`` is the protocol's word for it, ``description`` a sentence for who reads logs."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error, self.description = error, description
