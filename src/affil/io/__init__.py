"""Papers and tables in and out."""
