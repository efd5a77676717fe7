"""Papers in, in the formats in which people have them."""
