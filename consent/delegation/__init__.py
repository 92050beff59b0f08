"""Who may act for a customer: asked for or offered, within limits, until an end; stopped by either side at once."""
