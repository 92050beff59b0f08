"""The tree over the audit's rows (RFC 9162): leaves, signed checkpoints, proofs, and whether the rows still fit."""
