"""Successors."""
