"""What tests of the service share."""

from __future__ import annotations

import importlib.machinery
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "bench" / "serve.py"


@pytest.fixture(scope="session")
def bench() -> ModuleType:
    """The script that measures, whose clients ask as the measurement does."""
    loader = importlib.machinery.SourceFileLoader("bench_serve", str(SCRIPT))
    spec = importlib.util.spec_from_loader("bench_serve", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module
