"""Codes, digests and what is sealed at rest."""
