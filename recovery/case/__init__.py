"""One recovery: opened, shown, waited for, finished or stopped."""
