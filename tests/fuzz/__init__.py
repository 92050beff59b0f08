"""Whether anything that is sent to the partners' APIs breaks them."""
