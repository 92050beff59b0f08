"""Where recovery codes may go beside the mailbox."""
