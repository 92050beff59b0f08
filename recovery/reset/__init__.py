"""A new password by a link to the mailbox."""
