"""Pages of businesses: what anybody who belongs to one sees, and what its owners look after."""
