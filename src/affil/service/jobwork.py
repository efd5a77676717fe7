"""The one process beside the service that works off its jobs: it stands back behind single strings, and is started again if it dies."""

from __future__ import annotations

import gc
import logging
import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType

from affil.batch import cut
from affil.batch.answers import BatchMatcher
from affil.errors import AffilError
from affil.io.interrupts import SIGNALS, undisturbed
from affil.io.memory import RARELY
from affil.io.outputs import alone
from affil.service.jobs import Job, Jobs
from affil.service.keys import Keys
from affil.service.telemetry import log_lines
from affil.settings import ServeSettings, Settings
from affil.wording import counted, said

LOG = logging.getLogger("affil.serve")


def work(
    jobs: Jobs,
    load: Callable[[], BatchMatcher],
    ended: Callable[[float], bool],
    *,
    keys: Keys | None = None,
    died: bool = False,
) -> None:
    """Work off jobs until the end: of every unfinished one a part in turn, so that a small one does not wait for a large one.

    Of a folder one process works at a time; others wait until it has ended.

    Args:
        jobs: the jobs.
        load: loads the matcher, once there is something to match.
        ended: whether to end, after waiting so many seconds for that.
        keys: whose quotas the rows count for.
        died: whether a process before died by itself, perhaps of what it was doing: what makes it die again and again fails.
    """
    matcher: BatchMatcher | None = None

    def loaded() -> BatchMatcher:
        nonlocal matcher
        matcher = matcher or load()
        return matcher

    with alone(jobs.folder / "lock"):
        for job in jobs.unfinished():
            noted = jobs.noted(job.id)
            if died and noted.get("begun"):
                tries = noted.get("tries", 0) + 1
                with _unless_removed(jobs, job):
                    jobs.note(job.id, begun=False, tries=tries)
                    if tries >= jobs.settings.job_tries:
                        jobs.end(
                            job.id,
                            "failed",
                            f"the process that matched it died {tries} times, after {counted(job.done, 'row')}",
                        )
        while not ended(0 if jobs.unfinished() else jobs.settings.job_look):
            jobs.clean()
            for job in jobs.unfinished():
                if ended(0):
                    return
                step(jobs, job, loaded, keys)


def step(jobs: Jobs, job: Job, load: Callable[[], BatchMatcher], keys: Keys | None = None) -> None:
    """Bring a job one step on: its file is cut, or its next part is matched. What is wrong with it is recorded."""
    try:
        jobs.note(job.id, state="running", begun=True)
        try:
            parts = jobs.parts(job.id)
        except FileNotFoundError:
            settings = jobs.settings
            parts = cut(
                jobs.file(job.id),
                jobs.folder / job.id,
                column=job.column or None,
                each=settings.job_part,
                most=settings.job_rows,
                longest=settings.characters,
            )
            jobs.file(job.id).unlink()
        if not job.rows:  # the rows are recorded first: a process that dies between charges nobody twice
            jobs.note(job.id, rows=parts.rows)
            if keys is not None and job.owner:
                keys.spend(job.owner, parts.rows)
        number = parts.done
        if number < parts.count:
            parts.match(number, load(), Settings())
        jobs.note(job.id, begun=False, tries=0, done=min((number + 1) * parts.each, parts.rows))
        if number + 1 >= parts.count:
            jobs.end(job.id, "done")
    except Exception as error:
        if not jobs.is_there(job.id):
            return
        if not isinstance(error, AffilError):
            LOG.exception("a job failed")
            error = AffilError(said("this should not have happened; the log says more"))
        shown = str(error).replace(str(jobs.file(job.id)), job.name)
        with _unless_removed(jobs, job):
            jobs.end(job.id, "failed", " ".join(shown.split()))


@contextmanager
def _unless_removed(jobs: Jobs, job: Job) -> Iterator[None]:
    """Ignore what fails because the job was removed meanwhile."""
    try:
        yield
    except (AffilError, OSError):
        if jobs.is_there(job.id):
            raise


class Worker:
    """The process that works off jobs, as long as this context lasts; with the process that has it, it ends as well.

    Args:
        jobs: the jobs.
        matcher: a matcher that pickles, as `affil.Matcher` does; the process opens its own, of the same memory-mapped files.
        keys: the file of keys, whose quotas the rows count for.
    """

    def __init__(self, jobs: Jobs, matcher: BatchMatcher, keys: Path | None = None) -> None:
        self._again = jobs.settings.job_again
        self._arguments = (jobs.folder, jobs.settings, pickle.dumps(matcher), keys)
        self._ending = threading.Event()
        self._starting = threading.Lock()
        self.process: BaseProcess | None = None
        self._thread = threading.Thread(target=self._keep, name="jobs", daemon=True)

    def __enter__(self) -> Worker:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        with self._starting:
            self._ending.set()
            if self.process is not None:
                self.process.kill()  # what it has not finished is done again
        self._thread.join()

    def _keep(self) -> None:
        died = False
        context = multiprocessing.get_context("spawn")  # a fork would copy locks of threads without the threads
        while True:
            ours, theirs = context.Pipe()
            with self._starting, undisturbed():
                if self._ending.is_set():
                    return
                self.process = context.Process(target=_work, args=(*self._arguments, died, theirs), daemon=True)
                self.process.start()
            theirs.close()
            self.process.join()
            ours.close()
            if self._ending.wait(self._again):
                return
            LOG.warning("the process of jobs died (%s); it is started again", self.process.exitcode)
            died = True


def _work(folder: Path, settings: ServeSettings, recipe: bytes, keys: Path | None, died: bool, parent: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the parent ends the others
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)  # blocked by the parent during start
    if hasattr(os, "nice"):
        os.nice(settings.job_nice)
    gc.set_threshold(*RARELY)
    log_lines(strings=False, requests=False)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    work(
        Jobs(folder, settings),
        lambda: pickle.loads(recipe),
        threading.Event().wait,
        keys=None if keys is None else Keys(keys),
        died=died,
    )


def _end_with(parent: Connection) -> None:
    """End this process, in the midst of what it does, when the other end of the pipe closes: that process is gone."""
    try:
        parent.recv_bytes()
    except (EOFError, OSError):
        os._exit(0)
