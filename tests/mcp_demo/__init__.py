"""The demo's shop for agents, and an agent, on the public SDK of the Model Context Protocol: `make run AGENT=1`."""
