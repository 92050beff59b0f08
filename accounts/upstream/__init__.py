"""Signing in with somebody else's service (social and enterprise): off unless ``UPSTREAMS`` names some."""
