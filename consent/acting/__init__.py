"""Acting for somebody in the portal: a mode with an address of its own, never a sign-in as them."""
