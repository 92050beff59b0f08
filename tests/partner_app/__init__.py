"""Tea House: a small relying party on Flask and Authlib, somebody else's OAuth library. Used by demo and tests."""
