"""Resource servers: what tokens are for (RFC 8707). A kind of their own: they use tokens, and ask for none."""
