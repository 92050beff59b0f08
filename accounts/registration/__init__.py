"""Whether somebody may open an account: one decision for each sign-up, and what becomes of whom it challenges."""
