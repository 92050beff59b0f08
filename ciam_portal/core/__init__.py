"""The foundations: what everything stands on, and what knows nobody above."""
