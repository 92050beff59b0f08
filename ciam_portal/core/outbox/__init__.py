"""What people are told, without fail."""
