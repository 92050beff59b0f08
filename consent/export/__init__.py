"""Download my data: a copy of everything that is kept about a customer, made in the background, offered for a while."""
