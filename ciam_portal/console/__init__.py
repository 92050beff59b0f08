"""The pages of those who answer for apps: what these prove themselves with, what they ask to change, how they fare."""
