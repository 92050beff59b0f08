"""Customers come from another system, with their passwords, and can be given away to one. Either takes two people."""
