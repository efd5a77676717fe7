"""How often Python looks for garbage."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

RARELY = (50_000, 20, 100)  # Python's defaults are 700, 10, 10


@contextmanager
def rare_collections() -> Iterator[None]:
    """Collect garbage less often: where many small objects without cycles are made, scanning them takes a tenth of the time or
    more.
    """
    before = gc.get_threshold()
    gc.set_threshold(*RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*before)
