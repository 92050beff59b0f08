"""What is usual: for one customer and for all, learned from sign-ins, and unlearned."""
