"""views of accounts."""
