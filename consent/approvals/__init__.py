"""Agents ask their customers, who are elsewhere (OpenID CIBA): exactly this, once; the answer is theirs alone."""
