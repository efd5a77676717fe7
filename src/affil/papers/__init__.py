"""Readers of papers in common formats."""
