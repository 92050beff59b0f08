"""The questions that accounts answer, each pure, with a reason."""
