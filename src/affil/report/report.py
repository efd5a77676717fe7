"""The report of a workspace: a site or a printable bulletin."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import pyarrow.parquet as pq

from affil.errors import AffilError, needing
from affil.installed import version
from affil.io.beside import beside
from affil.io.memory import rare_collections
from affil.rank.places import HongKong
from affil.report.collect import collect
from affil.report.data import Years
from affil.report.names import LANGUAGES
from affil.wording import said
from affil.workspace import Workspace

Format = Literal["site", "pdf", "md"]
FORMATS: tuple[Format, ...] = get_args(Format)
_MARK = "data/facts.js"  # marks a folder as a site written by affil


@dataclass(frozen=True, slots=True)
class Report:
    """What was written: path, number of files, total size in bytes."""

    path: Path
    format: Format
    files: int
    bytes: int


def report(
    ws: Workspace,
    output: Path | str,
    *,
    format: Format = "site",
    language: str = "en",
    years: Years | None = None,
    hong_kong: HongKong | None = None,
    workers: int = 1,
    tell: Callable[[str], None] = lambda _: None,
) -> Report:
    """Write a report of a workspace.

    Args:
        ws: the workspace.
        output: the folder of the site, or the file of the bulletin. An older site is replaced when the new one is complete.
        format: `site`: pages in all languages; `pdf` or `md`: a bulletin.
        language: of the bulletin: one of `LANGUAGES`.
        years: first and last year that the pages show first; default: the last ones (`report.years`).
        hong_kong: count Hong Kong and Macao `with` China or `apart`; default: the setting `rank.country_groups`. Readers of a site can
            choose the other way.
        workers: processes that write the site; more than two are no faster. A program that asks for two is guarded by
            `if __name__ == "__main__"`, as with `multiprocessing`.
        tell: called with what is being done.

    Raises:
        AffilError: nothing was matched yet, these years have no papers, an argument is invalid, the output cannot be written or
            exists and is no site, or a library is missing.
    """
    if format not in FORMATS:
        raise AffilError(said("no format {0!r}; it is one of: {1}", format, ", ".join(FORMATS)))
    if language not in LANGUAGES:
        raise AffilError(said("no language {0!r}; it is one of: {1}", language, ", ".join(LANGUAGES)))
    path = Path(output)
    with needing("report", said("a report ({0})", format)):
        import vl_convert  # noqa: F401  # charts need it, and a missing one is told before counting

        from affil.report.bulletin import write_bulletin
    if format == "site":
        return _site(ws, path, years, hong_kong, workers, tell)
    data = collect(ws, years=years, hong_kong=hong_kong, bulletin=True, tell=tell)
    written = write_bulletin(data, path, format, language)
    return Report(path, format, len(written), sum(f.stat().st_size for f in written))


def processes(ws: Workspace) -> int:
    """How many processes write the site of a workspace soonest: two where it is large (setting `report.beside`).

    Raises:
        AffilError: nothing was matched yet.
    """
    return 2 if pq.read_metadata(ws.tables.papers).num_rows >= ws.settings.report.beside else 1


def _site(
    ws: Workspace, folder: Path, years: Years | None, hong_kong: HongKong | None, workers: int, tell: Callable[[str], None]
) -> Report:
    from affil.report.site import write_site

    folder = folder.resolve()
    if folder.is_file():
        raise AffilError(said("{0}: is a file; choose a folder for the site", folder))
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _MARK).exists():
        raise AffilError(said("{0}: not empty and not a site made by affil; choose a new folder", folder))
    if not folder.parent.is_dir():
        raise AffilError(said("{0}: no such folder; create it first", folder.parent))
    with rare_collections(), beside() if workers > 1 else nullcontext() as ask:
        data = collect(ws, years=years, hong_kong=hong_kong, ask=ask, tell=tell)
        try:
            files = write_site(data, version(), folder, ask, tell)
        except OSError as error:
            raise AffilError(said("{0}: cannot write the site: {1}", folder, error.strerror or error)) from error
    return Report(folder, "site", files, sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()))
