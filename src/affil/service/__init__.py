"""The matcher for programs over HTTP, and for assistants."""
