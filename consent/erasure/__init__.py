"""A customer deletes their account: it waits, can be kept, and is erased then."""
