"""How often something may be asked for, and in whose bucket a request is counted."""
