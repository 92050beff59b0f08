"""What happened, as the customer reads it; was this you; and what they dispute."""
