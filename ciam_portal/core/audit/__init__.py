"""What happened and what was decided, for ever."""
