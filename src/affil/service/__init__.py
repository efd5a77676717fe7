"""HTTP service of the matcher, for programs."""
