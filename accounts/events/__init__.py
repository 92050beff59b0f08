"""What accounts record, and nothing personal."""
