"""A business: an account that nobody signs in to, its members, what each may do for it, and who looks after that."""
