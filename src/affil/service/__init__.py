"""The matcher over HTTP, for programs."""
