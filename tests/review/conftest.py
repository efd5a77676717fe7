"""Sessions of reviewing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from affil.review.session import Session
from affil.workspace import Workspace


@pytest.fixture
def session(review_ws: Workspace) -> Iterator[Session]:
    """A session of one's own."""
    made = Session(review_ws)
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared(review_folder: Path) -> Iterator[Session]:
    """A session that is only read."""
    made = Session(Workspace.open(review_folder, create=True))
    yield made
    made.close()
