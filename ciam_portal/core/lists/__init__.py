"""Long lists on the staff site, read page by page without counting."""
