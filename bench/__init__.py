"""Measures of how fast affil is; `scripts/bench` writes docs/performance.md and docs/scale.md."""
