"""Training the matcher: rows, composed strings, decoys, and the fit."""

from affil.training.fit import train

__all__ = ["train"]
