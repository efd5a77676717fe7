"""Bulk jobs, without and with HTTP: whatever happens, each string is answered once, and nobody sees another's."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import os
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from affil.batch import match_file
from affil.errors import AffilError, BusyError
from affil.service.jobs import Jobs, NoJobError, NotDoneError, TooLargeError, TooManyJobsError
from affil.service.jobwork import Worker, step, work
from affil.service.keys import Keys
from affil.settings import ServeSettings

NAMES = ("Univ. of Oxford", "清华大学; SenseTime Research", "独立研究者", "MIT CSAIL", "Tanglewick Robotics")
SMALL = ServeSettings(job_part=10, job_look=0.05)


def table(rows: int, lead: str = "") -> bytes:
    lines = (f'{n},"{lead}Group {n} of Optics, {NAMES[n % len(NAMES)]}"' for n in range(rows))
    return "\n".join(["n,affiliation", *lines, ""]).encode()


def whole(matcher: Any, folder: Path, sent: bytes) -> bytes:
    """The answer of the library to the file in one go."""
    (folder / "whole.csv").write_bytes(sent)
    match_file(folder / "whole.csv", folder / "expected.csv", matcher=matcher)
    return (folder / "expected.csv").read_bytes()


def once(jobs: Jobs) -> Callable[[float], bool]:
    """Ends the work when all is done."""
    return lambda _: not jobs.unfinished()


class Counted:
    """A matcher that counts how often it is asked for a string."""

    def __init__(self, matcher: Any, die_at: int = -1) -> None:
        self.matcher, self.asked, self.left = matcher, [], die_at

    def match_many(self, strings: list[str]) -> Any:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt  # as a kill does: no handler of errors is asked
        self.asked += strings
        return self.matcher.match_many(strings)


# the library


def test_a_job_from_its_file_to_its_result(tiny_matcher: Any, tmp_path: Path) -> None:
    jobs, sent = Jobs(tmp_path / "jobs", SMALL), table(25)
    job = jobs.add(io.BytesIO(sent), owner="ana", name="C:\\strings\nof mine.csv")
    assert (job.name, job.state, jobs.all("ana"), jobs.all("bo")) == ("strings_of mine.csv", "waiting", [job], [])
    with pytest.raises(NotDoneError, match="the job is waiting"):
        jobs.result(job.id)
    seen = []

    def ended(_: float) -> bool:
        seen.append((jobs.get(job.id).state, jobs.get(job.id).done, jobs.get(job.id).rows))
        return not jobs.unfinished()

    work(jobs, lambda: tiny_matcher, ended)
    assert list(dict.fromkeys(seen)) == [("waiting", 0, 0), ("running", 10, 25), ("running", 20, 25), ("done", 25, 25)]
    format, pieces = jobs.result(job.id, "ana")
    assert (format, b"".join(pieces)) == ("csv", whole(tiny_matcher, tmp_path, sent))
    for act in (jobs.get, jobs.remove, jobs.result):
        with pytest.raises(NoJobError):
            act(job.id, "bo")
    assert jobs.remove(job.id, "ana").state == "done"
    assert list(jobs.folder.iterdir()) == []


@pytest.mark.parametrize("at", [1, 2, 3, 4, 5])
def test_wherever_it_ends_it_goes_on(tiny_matcher: Any, tmp_path: Path, at: int) -> None:
    jobs, sent = Jobs(tmp_path / "jobs", SMALL), table(45)
    job = jobs.add(io.BytesIO(sent))
    killed, after = Counted(tiny_matcher, at), Counted(tiny_matcher)
    with pytest.raises(KeyboardInterrupt):
        work(jobs, lambda: killed, once(jobs))
    assert jobs.get(job.id).done == len(killed.asked) == 10 * (at - 1)
    work(Jobs(tmp_path / "jobs", SMALL), lambda: after, once(jobs))
    assert len(killed.asked + after.asked) == len({*killed.asked, *after.asked}) == 45
    assert b"".join(jobs.result(job.id)[1]) == whole(tiny_matcher, tmp_path, sent)


def test_an_end_while_the_file_is_cut(tiny_matcher: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from affil.batch import parts

    jobs, sent = Jobs(tmp_path / "jobs", SMALL), table(25)
    job = jobs.add(io.BytesIO(sent))
    made = []

    def create(path: Path, *arguments: Any) -> Any:
        made.append(path)
        if len(made) == 3:
            raise KeyboardInterrupt
        return parts_create(path, *arguments)

    parts_create = parts.create_table
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(parts, "create_table", create)
        work(jobs, lambda: tiny_matcher, once(jobs))
    work(jobs, lambda: tiny_matcher, once(jobs))
    assert b"".join(jobs.result(job.id)[1]) == whole(tiny_matcher, tmp_path, sent)


def test_a_small_job_does_not_wait_for_a_large_one(tiny_matcher: Any, tmp_path: Path) -> None:
    jobs = Jobs(tmp_path, SMALL)
    large, small = (jobs.add(io.BytesIO(table(rows))) for rows in (100, 5))
    work(jobs, lambda: tiny_matcher, lambda _: jobs.get(small.id).state == "done")
    assert jobs.get(large.id).done == 10


def test_a_removed_job_is_left(tiny_matcher: Any, tmp_path: Path) -> None:
    jobs = Jobs(tmp_path, SMALL)
    job, other = (jobs.add(io.BytesIO(table(30, lead))) for lead in "ab")

    class Removing:
        def match_many(self, strings: list[str]) -> Any:
            if jobs.is_there(job.id):
                assert jobs.remove(job.id).state == "cancelled"
            return tiny_matcher.match_many(strings)

    work(jobs, Removing, once(jobs))
    assert [j.id for j in jobs.all()] == [other.id]
    assert jobs.get(other.id).state == "done"
    with pytest.raises(NoJobError):
        jobs.get(job.id)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"a,b\n1,2\n", "mine.csv: "),
        (table(201), "mine.csv: has more than 200 rows; send it in parts"),
        (b"affiliation\n" + b"x" * 10_001, "mine.csv, row 2: a string of 10,001 characters; at most 10,000; shorten it"),
        (b'{"affiliation": 7}\n', "mine.csv, line 1: column 'affiliation' holds int '7'"),
        (b"PAR1 and no more", "mine.csv: not a Parquet file, or truncated"),
        (b"PK\x03\x04xl/", "mine.csv: "),
    ],
)
def test_what_fails_says_why(tmp_path: Path, sent: bytes, said: str) -> None:
    jobs = Jobs(tmp_path, ServeSettings(job_rows=200, job_part=10))
    job = jobs.add(io.BytesIO(sent), name="mine.csv")
    step(jobs, job, lambda: pytest.fail("there is nothing to match"))
    failed = jobs.get(job.id)
    assert (failed.state, failed.error.startswith(said), "\n" in failed.error) == ("failed", True, False), failed.error
    assert {file.name for file in (tmp_path / job.id).iterdir()} == {"job.json", "state.json"}
    with pytest.raises(NotDoneError, match="the job is failed: mine"):
        jobs.result(job.id)


def test_what_is_refused(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path, ServeSettings(job_bytes=100, jobs_each=1, jobs=2))
    for sent, kind, said in (
        (b"", AffilError, "the file: is empty"),
        (gzip.compress(b"affiliation\nx\n"), AffilError, "is packed; send it unpacked"),
        (b"x" * 101, TooLargeError, "is larger than 100 bytes"),
    ):
        with pytest.raises(kind, match=said):
            jobs.add(io.BytesIO(sent))
    assert list(tmp_path.iterdir()) == []
    jobs.add(io.BytesIO(b"affiliation\nx\n"), owner="ana")
    with pytest.raises(TooManyJobsError, match="1 unfinished job already"):
        jobs.add(io.BytesIO(b"affiliation\nx\n"), owner="ana")
    jobs.add(io.BytesIO(b"affiliation\nx\n"), owner="bo")
    with pytest.raises(BusyError, match="2 jobs kept already"):
        jobs.add(io.BytesIO(b"affiliation\nx\n"), owner="cy")
    for wrong in ("", "..", "../x", "0" * 16, "state.json"):
        with pytest.raises(NoJobError):
            jobs.get(wrong)


def test_a_part_that_kills_fails_at_last(tiny_matcher: Any, tmp_path: Path) -> None:
    jobs = Jobs(tmp_path, ServeSettings(job_part=10, job_tries=3))
    job = jobs.add(io.BytesIO(table(20)))
    for _ in range(5):  # ends of the service are no reason to give it up
        with pytest.raises(KeyboardInterrupt):
            work(jobs, lambda: Counted(tiny_matcher, 1), once(jobs))
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            work(jobs, lambda: Counted(tiny_matcher, 1), once(jobs), died=True)
    work(jobs, lambda: Counted(tiny_matcher, 1), once(jobs), died=True)
    assert jobs.get(job.id).error == "the process that matched it died 3 times, after 0 rows"


def test_what_is_old_is_removed(tiny_matcher: Any, tmp_path: Path) -> None:
    jobs = Jobs(tmp_path, ServeSettings(job_days=1))
    old, new, waiting = (jobs.add(io.BytesIO(table(3))) for _ in range(3))
    for job in (old, new):
        jobs.end(job.id, "done")
    jobs.note(old.id, ended="2020-01-01T00:00:00+00:00")
    (tmp_path / ".affil-gone-0").mkdir()
    (tmp_path / ".affil-new-0").mkdir()
    (tmp_path / ".affil-new-1").mkdir()
    os.utime(tmp_path / ".affil-new-0", (0, 0))
    jobs.clean()
    assert [job.id for job in jobs.all()] == [new.id, waiting.id]
    assert [left.name for left in tmp_path.glob(".*")] == [".affil-new-1"], "which is being received"


def test_rows_count_for_the_key(tiny_matcher: Any, tmp_path: Path) -> None:
    keys = Keys(tmp_path / "keys", create=True)
    keys.add("ana", per_day=30)
    jobs = Jobs(tmp_path / "jobs", SMALL)
    first, second = (jobs.add(io.BytesIO(table(20)), owner="ana") for _ in range(2))
    work(jobs, lambda: tiny_matcher, once(jobs), keys=keys)
    assert jobs.get(first.id).state == "done"
    assert jobs.get(second.id).error == "more than 30 strings in a day; the next day begins at 00:00 UTC"
    assert keys.all()[0].strings == 20
    keys.close()


# the process beside the service


def wait_for(what: Callable[[], Any], seconds: float = 120) -> Any:
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.02)
    return found


@pytest.mark.slow
def test_the_process_is_started_again(tiny_matcher: Any, tmp_path: Path) -> None:
    jobs, sent = Jobs(tmp_path / "jobs", SMALL), table(600)
    job = jobs.add(io.BytesIO(sent))
    with Worker(jobs, tiny_matcher) as worker:
        wait_for(lambda: jobs.get(job.id).done >= 20)
        first = worker.process
        os.kill(first.pid, signal.SIGKILL)
        wait_for(lambda: jobs.get(job.id).state == "done")
        assert worker.process.pid != first.pid
        last = worker.process
    assert not last.is_alive()
    assert b"".join(jobs.result(job.id)[1]) == whole(tiny_matcher, tmp_path, sent)


# over HTTP


@pytest.fixture
def taking(tiny_matcher: Any, tmp_path: Path) -> Iterator[Any]:
    """A service that takes jobs, which a test works off itself, and has keys."""
    from starlette.testclient import TestClient

    from affil.pages.serve import serve_app
    from affil.service.batching import Batcher
    from affil.service.security import Access
    from affil.service.telemetry import Metrics

    settings = ServeSettings(job_part=10, job_bytes=5000, body=1000)
    keys, jobs = Keys(tmp_path / "keys", create=True), Jobs(tmp_path / "jobs", settings)
    with Batcher(tiny_matcher, settings) as batcher:
        access = Access.of("127.0.0.1", "secret", (), keys)
        app = serve_app(tiny_matcher, batcher, Metrics({}), access, settings, jobs=jobs)
        with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
            client.jobs, client.keys, client.work = jobs, keys, lambda: work(jobs, lambda: tiny_matcher, once(jobs))
            yield client
    keys.close()


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def test_jobs_over_http(taking: Any, tiny_matcher: Any, tmp_path: Path) -> None:
    ana, bo = (bearer(taking.keys.add(name)) for name in ("ana", "bo"))
    sent = table(40)
    form = taking.post("/jobs", files={"file": ("mine.csv", sent)}, headers=ana)
    raw = taking.post("/jobs?column=affiliation", content=sent, headers=bo)
    assert (form.status_code, raw.status_code) == (202, 202)
    assert form.json() | {"id": "", "added": ""} == {
        "id": "", "name": "mine.csv", "state": "waiting", "done": 0, "rows": 0, "error": "", "added": "", "ended": ""
    }  # fmt: skip
    place = form.headers["location"]
    assert taking.get(f"{place}/result", headers=ana).status_code == 409
    taking.work()
    assert taking.get(place, headers=ana).json()["state"] == "done"
    assert [job["id"] for job in taking.get("/jobs", headers=ana).json()["jobs"]] == [form.json()["id"]]
    result = taking.get(f"{place}/result", headers=ana)
    assert result.content == whole(tiny_matcher, tmp_path, sent)
    assert result.headers["content-disposition"] == 'attachment; filename="matches.csv"'
    lines = taking.get(f"{place}/result?format=jsonl", headers=ana).text.splitlines()
    assert [json.loads(line)["n"] for line in lines][::39] and {json.loads(line)["n"] for line in lines} == {
        str(n) for n in range(40)
    }
    for method, path in (("GET", place), ("DELETE", place), ("GET", f"{place}/result")):
        for other in (bo, bearer("secret")):
            assert taking.request(method, path, headers=other).status_code == 404
        assert taking.request(method, path).status_code in (401, 403)
    assert taking.delete(place, headers=ana).json()["state"] == "done"
    assert taking.get(place, headers=ana).status_code == 404
    assert taking.get("/jobs", headers=ana).json() == {"jobs": []}


def test_what_http_refuses(taking: Any) -> None:
    token = bearer("secret")
    for content, status, said in (
        (b"", 400, "is empty"),
        (b"x" * 5001, 413, "is larger than 5,000 bytes"),
        (b"x" * 50_000, 413, "more than 15,000 bytes"),
    ):
        answer = taking.post("/jobs", content=content, headers=token)
        assert (answer.status_code, said in answer.json()["errors"][0]) == (status, True), answer.text
    multipart = {**token, "content-type": "multipart/form-data; boundary=x"}
    assert taking.post("/jobs", content=b"--x--", headers=multipart).json() == {"errors": ["the form has no 'file'"]}
    assert taking.post("/jobs", files=[("file", b"a"), ("file", b"b")], headers=token).status_code == 400
    assert taking.post("/jobs?colum=x", content=b"x", headers=token).status_code == 400
    assert taking.get("/jobs/0/result?format=xlsx", headers=token).status_code == 400
    assert taking.post("/match", content=b"x" * 5000, headers=token).status_code == 413, "other bodies stay small"
    assert taking.jobs.all() == []
    for _ in range(5):
        assert taking.post("/jobs", content=b"affiliation\nx\n", headers=token).status_code == 202
    answer = taking.post("/jobs", content=b"affiliation\nx\n", headers=token)
    assert (answer.status_code, answer.json()["errors"][0][:25]) == (429, "5 unfinished jobs already")


def test_without_a_folder_there_are_none(service: Any) -> None:
    for method, path in (
        ("POST", "/jobs"),
        ("GET", "/jobs"),
        ("GET", "/jobs/x"),
        ("DELETE", "/jobs/x"),
        ("GET", "/jobs/x/result"),
    ):
        answer = service.client.request(method, path)
        assert answer.status_code == 404
        assert answer.json()["errors"] == ["this service takes no jobs; it does when started with: affil serve --jobs FOLDER"]


@pytest.mark.slow
def test_killed_in_the_middle_it_goes_on(
    serve: Any, bench: ModuleType, tiny_matcher: Any, tiny_model: Path, tmp_path: Path
) -> None:
    """While others ask single strings: no row of the job is lost, none is there twice, and no part is matched again."""
    (tmp_path / "limits.toml").write_text("[serve]\njob_part = 20\njob_look = 0.05\n", "utf-8")
    registry = ["--registry", str(tiny_matcher.registry.path), "--model", str(tiny_model)]
    options = [*registry, "--jobs", str(tmp_path / "jobs"), "--settings", str(tmp_path / "limits.toml"), "--quiet"]
    sent, server = table(1000), serve(None, *options)

    def ask(path: str, content: bytes | None = None) -> bytes:
        with urllib.request.urlopen(urllib.request.Request(f"{server.url}{path}", content)) as answer:
            found: bytes = answer.read()
        return found

    id = json.loads(ask("jobs", sent))["id"]
    for most in (60, 200):
        with ThreadPoolExecutor(1) as beside:
            load = bench.load(server.url, 10, lambda: bench.single(NAMES[0]), lambda _: True)
            asked = beside.submit(asyncio.run, load)
            wait_for(lambda most=most: json.loads(ask(f"jobs/{id}"))["done"] >= most)
            server.kill()
            statuses = asked.result()[1]
        assert statuses[200] > 10
        assert statuses.keys() <= {200, "lost", "refused"}, "until it was killed, all were answered"
        done = {file: file.stat() for file in (tmp_path / "jobs" / id / "done").iterdir() if not file.name.startswith(".")}
        server = serve(None, *options)
    job = wait_for(lambda: (found := json.loads(ask(f"jobs/{id}")))["state"] == "done" and found)
    assert (job["done"], job["rows"]) == (1000, 1000)
    assert 10 <= len(done) < 50
    for file, before in done.items():
        assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns), "done again"
    assert ask(f"jobs/{id}/result") == whole(tiny_matcher, tmp_path, sent)
    assert server.stop() == ""
