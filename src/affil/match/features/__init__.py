"""Features of candidates: one small family a module; `table` lists them all."""
