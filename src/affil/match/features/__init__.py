"""Features of candidates, a family per module; `table` lists them all."""
