"""How worried we are about a sign-in: pure arithmetic on what it showed. No Django, no clock, no database."""
