"""Asking the gate about somebody in a session: the facts, the question, and going on after proving more."""
