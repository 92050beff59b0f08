"""The use ledger: who used which of a customer's data, for what, when, and under which of their answers."""
