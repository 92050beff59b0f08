"""What a successor may do in the end is a delegation like any other: recovery and consent do not know each other."""
