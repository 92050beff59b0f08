"""A customer's opened record on the staff site."""
