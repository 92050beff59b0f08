"""Applications that know nothing of the portal, behind a proxy that asks it about each request."""
