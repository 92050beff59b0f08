"""What a new account may do less of, until its age or what it has shown lifts that."""
