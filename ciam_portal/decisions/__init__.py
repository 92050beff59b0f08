"""Decisions for partners: may this transaction be done now, and the approval that says so once."""
