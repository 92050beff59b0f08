"""Registration under mass abuse: bots of five styles, among genuine people, at a portal that really runs."""
