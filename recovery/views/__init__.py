"""The pages of getting back in."""
