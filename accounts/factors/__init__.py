"""Sign-in methods beside the password: bound, shown, removed."""
