"""The keys that the portal signs with: made, rotated with overlap, revoked."""
