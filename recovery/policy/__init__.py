"""The questions of getting back in: what a case may become, what proves enough, how long it waits, who may help."""
