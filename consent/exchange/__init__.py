"""Token exchange (RFC 8693): a token for less, or for another resource; never for more, and never for longer."""
