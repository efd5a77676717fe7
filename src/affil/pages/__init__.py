"""What people see in a browser; no logic of its own."""
