"""The customer's pages about connected apps (``apps``), and signing out at a partner's request (``logout``)."""
