"""What data is used for: purposes, their versions and texts, and the two people behind each."""
