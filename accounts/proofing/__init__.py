"""Who somebody is, beyond what they say: what they have shown, by which provider, and for how long it counts."""
