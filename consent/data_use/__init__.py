"""Services of the business ask what they may use data for: whose, which, and for what."""
