"""The people whom a customer trusts to help them back in."""
