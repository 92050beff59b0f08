"""May this be used, for this, by these, now? Asked wherever data of a person leaves; what leaves is in the ledger."""
