"""A device on which nobody types: its customer allows it here, on another one (RFC 8628)."""
