"""Which policy decides, who made it so, and what any decision would be under another one."""
