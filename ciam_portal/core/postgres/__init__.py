"""PostgreSQL as Django speaks it, with an end to a request's patience."""
