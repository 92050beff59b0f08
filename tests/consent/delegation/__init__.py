"""Acting for somebody: who may, what, and within which limits."""
