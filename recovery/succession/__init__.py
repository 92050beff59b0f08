"""Death and incapacity: somebody whom a customer named looks after what has to be done, after a long wait."""
