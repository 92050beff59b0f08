"""flows of accounts."""
