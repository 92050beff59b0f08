"""The business's own services ask before they use data of a customer: for a purpose, for one or for thousands."""
