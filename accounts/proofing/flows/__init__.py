"""Showing who one is: begun by the customer, confirmed by a provider; some of it decided by two of the staff."""
