"""Another kind of proof in a live session: the recovery phone."""
