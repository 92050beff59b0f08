"""Agents as delegates: a customer lets one act, within its ceiling and limits of their own, and ends it at once."""
