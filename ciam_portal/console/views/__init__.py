"""Pages of those who answer for apps."""
