"""Records of one query on disk, as they come page by page; killed at any moment, it goes on with the next page.

    fetched/openalex-3f2a91c04b7d.jsonl.gz   the records, one a line, when all are here
    fetched/openalex-3f2a91c04b7d.part       those that have come so far
    fetched/openalex-3f2a91c04b7d.json       the query, how far it is, and the number of bytes of the part that are whole pages

A page is appended as a gzip member of its own and only then counted; what a killed process wrote behind the counted bytes is cut off.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from affil.errors import AffilError
from affil.io.checksums import read_json, sealed_json
from affil.io.outputs import alone, atomic_path
from affil.types import Progress
from affil.wording import said

_KEYS = ("begun", "bytes", "come", "complete", "plan", "query", "records", "since", "then")  # of a state


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was fetched: the file with all records, their number, how many are new since the last time, and the calls made."""

    file: Path
    records: int
    new: int
    calls: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some records, and the state from which the next page is asked for; None after the last."""

    records: Sequence[Any]
    then: Mapping[str, Any] | None


@contextmanager
def collecting(folder: Path, service: str, query: Mapping[str, Any]) -> Iterator[Collection]:
    """The files of a query, for one process at a time: another that fetches the same waits, and then goes on from what is here.

    What fails before the first page came leaves nothing behind.

    Args:
        folder: where they are; it is created.
        service: the service, as the files are named.
        query: what was asked for, JSON-able: the same query goes on where it was.

    Raises:
        AffilError: the folder cannot be written, or what stands there is damaged.
    """
    digest = hashlib.sha256(json.dumps(query, sort_keys=True).encode()).hexdigest()[:12]
    name = f"{service}-{digest}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise AffilError(said("{0}: cannot be created ({1}); choose another workspace", folder, error.strerror)) from error
    try:
        with alone(folder / f".{name}.lock"):
            collection = Collection(folder / name, query)
            try:
                yield collection
            finally:
                collection.sweep()
    finally:
        with suppress(OSError):
            folder.rmdir()  # where it is empty


class Collection:
    """The files of one query in a folder, see `collecting`; `stem` is their path without its end."""

    def __init__(self, stem: Path, query: Mapping[str, Any]) -> None:
        self._query = dict(query)
        self.file, self._part, self._state_file = (stem.with_name(stem.name + end) for end in (".jsonl.gz", ".part", ".json"))
        fix = said("delete it, and what it fetched is fetched again")
        self.state: dict[str, Any] = read_json(self._state_file, fix, _KEYS) if self._state_file.exists() else {}

    @property
    def complete(self) -> bool:
        """Whether all records of an earlier time are here."""
        return bool(self.state.get("complete")) and self.file.exists()

    @property
    def begun(self) -> Mapping[str, Any] | None:
        """The plan of what was begun and is not finished; None also where somebody deleted what had come."""
        return self.state.get("plan") if self._part.exists() else None

    def sweep(self) -> None:
        """Delete what was begun and has brought nothing."""
        if not self.state.get("come") and not self.file.exists():
            self._part.unlink(missing_ok=True)
            self._state_file.unlink(missing_ok=True)

    def begin(self, plan: Mapping[str, Any]) -> None:
        """Begin to fetch by a plan, JSON-able, from which it can go on later; what is here stays until all of it has come."""
        self._part.write_bytes(b"")
        self._save(plan=dict(plan), then={}, come=0, bytes=0, begun=date.today().isoformat())

    def take(self, pages: Callable[[Mapping[str, Any]], Iterator[Page]], progress: Progress | None, total: int) -> Fetched:
        """Fetch what is missing of what was begun, page by page.

        Args:
            pages: given the state from which to go on ({} at first), gives pages, one a call of the service.
            progress: called with (records that came, records to come in all).
            total: the number of records to expect.
        """
        calls = 0
        if self.state["then"] is not None:
            for page in pages(self.state["then"]):
                self._append(page.records)
                calls += 1
                self._save(then=page.then, come=self.state["come"] + len(page.records), bytes=self._part.stat().st_size)
                if progress:
                    progress(self.state["come"], max(self.state["come"], total))
        return self._finish(calls)

    def ids(self, id_of: Callable[[Any], str]) -> set[str]:
        """The ids of all records that are here."""
        return {id_of(record) for record in records_in(self.file)}

    def come(self) -> Iterator[Any]:
        """The records that came since it was begun."""
        return records_in(self._part)

    def _append(self, records: Iterable[Any]) -> None:
        lines = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records).encode("utf-8", "replace")
        try:
            with self._part.open("r+b") as file:
                file.truncate(self.state["bytes"])
                file.seek(self.state["bytes"])
                if lines:
                    file.write(gzip.compress(lines, 6, mtime=0))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise AffilError(
                said("{0}: cannot be written ({1}); free some space, and run it again", self._part, error.strerror)
            ) from error

    def _save(self, **news: Any) -> None:
        self.state = {**self.state, "query": self._query, **news}
        with atomic_path(self._state_file) as temporary:
            temporary.write_text(sealed_json(self.state, indent=1), "utf-8")

    def _finish(self, calls: int) -> Fetched:
        """Put what came into the place of what was here, the newest record of an id first and alone."""
        new = 0
        seen: set[str] = set()
        with atomic_path(self.file) as temporary, gzip.open(temporary, "wt", compresslevel=6, encoding="utf-8") as out:
            for path in (self._part, self.file):
                for record in records_in(path) if path.exists() else ():
                    line = json.dumps(record, ensure_ascii=False)
                    key = str(record.get("id") or record.get("DOI") or record.get("key") or line)
                    if key not in seen:
                        seen.add(key)
                        new += path == self._part
                        out.write(line + "\n")
        since = self.state["begun"]
        for done in ("plan", "then", "come", "bytes", "begun"):
            self.state.pop(done, None)
        self._save(complete=True, records=len(seen), since=since)
        self._part.unlink()
        return Fetched(self.file, len(seen), new, calls)


def records_in(path: Path) -> Iterator[Any]:
    """The records of a file of pages."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
