"""Discovery of institutions missing from a registry, in unmatched strings."""
