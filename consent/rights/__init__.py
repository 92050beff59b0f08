"""What customers may ask about their data (GDPR 16, 18, 21), answered within a month; and what privacy officers see."""
