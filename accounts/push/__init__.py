"""Notices that a browser shows by itself (Web Push): switched on in a session, and ended with it."""
