"""What accounts tell people."""
