"""Web pages for people, without logic of their own."""
