"""Bulk jobs: files to be matched, each in a folder of its own, which the service fills and another process works off.

    ID/job.json     what was asked; it never changes
    ID/file         what was sent, until it is cut
    ID/state.json   how far it is; of the working process only
    ID/plan.json, ID/todo, ID/done
                    its parts; see `affil.batch.parts`

A job's folder appears once its file is whole, and disappears at once, so that whoever looks sees all of it or nothing. Whatever process is
killed, and when: a matched part stays, and the others are matched once.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Literal

from affil.batch import Parts, parts_in
from affil.errors import AffilError, BusyError
from affil.io.outputs import TEMPORARY, atomic_path
from affil.io.tables import Format
from affil.settings import ServeSettings
from affil.wording import counted, said

State = Literal["waiting", "running", "done", "failed", "cancelled"]
FORMATS: tuple[Format, ...] = ("csv", "tsv", "jsonl", "parquet")
_ID = re.compile(r"[0-9a-f]{16}")
_UNFINISHED = ("waiting", "running")
_GZIP = b"\x1f\x8b"


class NoJobError(AffilError):
    """There is no such job, or it is another's."""


class NotDoneError(AffilError):
    """The job has no result, or not yet."""


class TooLargeError(AffilError):
    """The file of a job is larger than one may be."""


class TooManyJobsError(BusyError):
    """Somebody has as many unfinished jobs as a key may have."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job.

    Attributes:
        id: its id.
        owner: the name of the key that sent it, "" without one.
        name: what its file is called in messages.
        column: the column with affiliations, "" where it is to be found.
        added: when it was sent, in UTC.
        state: how it is; a cancelled one is there no more.
        done: rows that are matched.
        rows: of the file, 0 as long as they are not counted.
        error: why it failed, in one line.
        ended: when it was done or failed, "" before.
    """

    id: str
    owner: str
    name: str
    column: str
    added: str
    state: State = "waiting"
    done: int = 0
    rows: int = 0
    error: str = ""
    ended: str = ""


class Jobs:
    """The jobs in a folder. Several processes may have it open; all see the same.

    Args:
        folder: where they are; it is made.
        settings: how many there may be, and how large.

    Raises:
        AffilError: the folder cannot be made.
    """

    def __init__(self, folder: Path, settings: ServeSettings) -> None:
        self.folder, self.settings = folder, settings
        self._adding = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise AffilError(
                said("{0}: cannot be made ({1}); choose another folder for --jobs", folder, error.strerror)
            ) from error

    def add(self, file: IO[bytes], *, owner: str = "", name: str = "", column: str = "") -> Job:
        """Take a file, to be matched when its turn comes.

        Args:
            file: CSV, Parquet or JSON Lines, read to its end; not packed, as its size would say nothing of what is in it.
            owner: who sends it.
            name: what to call it in messages; default: "the file".
            column: the column with affiliations; default: as for `affil.match_file`.

        Raises:
            BusyError: there are too many jobs. TooLargeError, AffilError: the file is too large, empty or packed.
        """
        self.room(owner)
        shown = re.sub(r"[^\w. ()+-]", "_", name.replace("\\", "/").rpartition("/")[2])[:100] or "the file"
        job = Job(secrets.token_hex(8), owner, shown, column, _now())
        new = self.folder / f"{TEMPORARY}new-{job.id}"
        new.mkdir()
        try:
            self._receive(file, new / "file", shown)
            _write(new / "job.json", {"owner": owner, "name": shown, "column": column, "added": job.added})
            with self._adding:
                self.room(owner)
                new.rename(self.folder / job.id)
        finally:
            shutil.rmtree(new, ignore_errors=True)
        return job

    def room(self, owner: str) -> None:
        """Check that there is room for another job.

        Raises:
            BusyError: there are as many as there may be.
        """
        held = self.all()
        if sum(job.owner == owner and job.state in _UNFINISHED for job in held) >= self.settings.jobs_each:
            raise TooManyJobsError(f"{counted(self.settings.jobs_each, 'unfinished job')} already; wait for one, or delete one")
        if len(held) >= self.settings.jobs:
            raise BusyError(said("{0} kept already; delete finished ones, or try again later", counted(len(held), "job")))

    def all(self, owner: str | None = None) -> list[Job]:
        """The jobs of somebody, or all, in the order of their coming."""
        found = [self._read(folder.name) for folder in self.folder.iterdir() if _ID.fullmatch(folder.name)]
        jobs = [job for job in found if job is not None and owner in (None, job.owner)]
        return sorted(jobs, key=lambda job: (job.added, job.id))

    def unfinished(self) -> list[Job]:
        """The jobs to work on, in the order of their coming."""
        return [job for job in self.all() if job.state in _UNFINISHED]

    def get(self, id: str, owner: str | None = None) -> Job:
        """A job, of `owner` if that is given.

        Raises:
            NoJobError: there is none.
        """
        job = self._read(id) if _ID.fullmatch(id) else None
        if job is None or owner not in (None, job.owner):
            raise NoJobError(f"there is no job {id[:40]!r}")
        return job

    def remove(self, id: str, owner: str | None = None) -> Job:
        """Cancel a job that is not finished, and delete all that is kept of it.

        Returns:
            The job as it was, `cancelled` where it was not finished.

        Raises:
            NoJobError: there is none.
        """
        job = self.get(id, owner)
        gone = self.folder / f"{TEMPORARY}gone-{id}"
        try:
            (self.folder / id).rename(gone)
        except FileNotFoundError as error:
            raise NoJobError(f"there is no job {id!r}") from error
        shutil.rmtree(gone, ignore_errors=True)
        return replace(job, state="cancelled") if job.state in _UNFINISHED else job

    def result(self, id: str, owner: str | None = None, format: Format | None = None) -> tuple[Format, Iterator[bytes]]:
        """The answers to a job that is done: their format, and the bytes of the table piece by piece.

        Args:
            id: the job.
            owner: whose it must be.
            format: one of `FORMATS`; default: that of the file.

        Raises:
            NoJobError: there is none. NotDoneError: it is not done.
        """
        job = self.get(id, owner)
        if job.state != "done":
            raise NotDoneError(said("the job is {0}", job.state) + (said(": {0}", job.error) if job.error else ""))
        try:
            parts = self.parts(id)
        except FileNotFoundError as error:
            raise NoJobError(f"there is no job {id!r}") from error
        return format or parts.format, parts.joined(self.settings.batch, format)

    def parts(self, id: str) -> Parts:
        """The parts of a job.

        Raises:
            FileNotFoundError: it is not cut.
        """
        return parts_in(self.folder / id)

    def file(self, id: str) -> Path:
        """The file that was sent."""
        return self.folder / id / "file"

    def is_there(self, id: str) -> bool:
        """Whether a job was not removed."""
        return (self.folder / id / "job.json").exists()

    def note(self, id: str, **changes: Any) -> None:
        """Record how a job is; for the working process."""
        _write(self.folder / id / "state.json", {**self.noted(id), **changes})

    def noted(self, id: str) -> dict[str, Any]:
        """What was recorded."""
        try:
            found: dict[str, Any] = json.loads((self.folder / id / "state.json").read_text("utf-8"))
        except FileNotFoundError:
            return {}
        return found

    def end(self, id: str, state: State, error: str = "") -> None:
        """Record that a job is done or failed; of one that failed only that is kept."""
        self.note(id, state=state, error=error, ended=_now())
        self.file(id).unlink(missing_ok=True)
        shutil.rmtree(self.folder / id / "todo", ignore_errors=True)
        if state == "failed":
            shutil.rmtree(self.folder / id / "done", ignore_errors=True)

    def clean(self) -> None:
        """Remove the jobs that ended too long ago, and what killed processes were removing or receiving."""
        oldest = time.time() - self.settings.job_days * 86_400
        for job in self.all():
            if job.ended and datetime.fromisoformat(job.ended).timestamp() < oldest:
                self.remove(job.id)
        for left in self.folder.glob(f"{TEMPORARY}*"):
            receiving = left.name.startswith(f"{TEMPORARY}new-")
            if left.is_dir() and not (receiving and time.time() - left.stat().st_mtime < self.settings.job_seconds):
                shutil.rmtree(left, ignore_errors=True)

    def _receive(self, file: IO[bytes], target: Path, name: str) -> None:
        most, size = self.settings.job_bytes, 0
        with atomic_path(target) as part, part.open("wb") as out:
            while chunk := file.read(1 << 20):
                if not size and chunk.startswith(_GZIP):
                    raise AffilError(said("{0}: is packed; send it unpacked", name))
                size += len(chunk)
                if size > most:
                    raise TooLargeError(said("{0}: is larger than {1:,} bytes; send it in parts", name, most))
                out.write(chunk)
        if not size:
            raise AffilError(said("{0}: is empty; send CSV, Parquet or JSON Lines", name))

    def _read(self, id: str) -> Job | None:
        try:
            asked = json.loads((self.folder / id / "job.json").read_text("utf-8"))
            noted = self.noted(id)
        except (FileNotFoundError, NotADirectoryError):  # removed meanwhile
            return None
        return replace(Job(id, **asked), **{k: v for k, v in noted.items() if k in Job.__slots__})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _write(path: Path, content: dict[str, Any]) -> None:
    with atomic_path(path) as part:
        part.write_text(json.dumps(content, ensure_ascii=False), "utf-8")
