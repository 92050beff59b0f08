"""Coming in: weighed, challenged, held or let in."""
