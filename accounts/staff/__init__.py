"""Who is staff and in which roles; looking at customers, with a reason and a record."""
