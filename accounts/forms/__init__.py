"""forms of accounts."""
