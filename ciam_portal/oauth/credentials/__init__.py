"""What partners prove themselves with: made, replaced with an overlap, dead by itself; two at a time at most."""
