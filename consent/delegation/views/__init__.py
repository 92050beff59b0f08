"""Pages of delegations: the owner's, and those of whoever acts for somebody."""
