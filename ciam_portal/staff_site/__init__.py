"""Pages of the staff site that stand above the apps: they gather what the gate asks about a person of the staff."""
