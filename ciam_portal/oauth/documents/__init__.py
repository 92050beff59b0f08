"""Agents that nobody registered (Client ID Metadata Documents): each is named by the address of one about itself.

What it says is nobody's word but its own: it chooses neither what it may ask for nor how its tokens are bound.
"""
