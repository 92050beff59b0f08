"""Staff restrict a customer for a while."""
