"""Coming in: assessed, challenged, held or let in."""
