"""Everybody whom a customer can be reached through hears of what happens."""
