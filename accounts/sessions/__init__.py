"""The browsers a customer uses, and the times they are signed in: begun, watched, ended."""
