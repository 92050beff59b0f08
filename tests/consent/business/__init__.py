"""Businesses."""
