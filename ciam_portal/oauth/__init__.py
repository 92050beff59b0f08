"""The protocol plumbing; knows tokens and partners, knows nothing of consent."""
