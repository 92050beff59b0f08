"""What each customer said about each purpose and recipient: how it stands, and all that led to it."""
