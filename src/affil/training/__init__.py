"""Training of the matcher: labelled rows, synthetic strings, decoys, and the fit."""

from affil.training.fit import train

__all__ = ["train"]
