"""A workspace that a step begins, and that is taken away again where the step fails before anything is kept in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from affil.errors import BusyError
from affil.workspace.layout import locked
from affil.workspace.workspace import Workspace

_EMPTY = frozenset(["settings.toml", ".lock", ".lock-journal"])
"""The files of a workspace in which nothing is kept yet."""


@contextmanager
def begun(path: Path | str) -> Iterator[Workspace]:
    """The workspace in a folder, created if there is none. Where the block fails and left nothing in one that was created (no papers, nothing
    fetched, no finished batch), what was made is deleted: never a folder or a file that was there before, or another process uses.

    Raises:
        AffilError, InputError: see `Workspace.open`.
    """
    path = Path(path)
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    new = bool(missing) or (path.is_dir() and not any(path.iterdir()))
    try:
        yield Workspace.open(path, create=True)
    except BaseException:
        if new:
            _take_away(path, missing)
        raise


def _take_away(path: Path, missing: list[Path]) -> None:
    """Delete a workspace in which nothing is kept, and then the folders that were `missing`, the innermost first."""
    with suppress(BusyError, OSError):
        with locked(path):
            found = sorted(path.rglob("*"), reverse=True)
            if any(not one.is_dir() and one.name not in _EMPTY for one in found):
                return
            (path / "settings.toml").unlink(missing_ok=True)
            for folder in (one for one in found if one.is_dir()):
                folder.rmdir()
        (path / ".lock").unlink(missing_ok=True)
    with suppress(OSError):
        for folder in missing:
            folder.rmdir()
