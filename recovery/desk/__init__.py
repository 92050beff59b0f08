"""The help desk's part: two people, what they may ask, and the link they never see."""
