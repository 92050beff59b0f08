"""Receipts: what a customer decided, signed and chained, so that anybody can verify it without asking us."""
