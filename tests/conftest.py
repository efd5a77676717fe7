from __future__ import annotations

import contextlib
import functools
import os
import re
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import typer.main
import typer.testing

from tests.browser import browser as browser  # a fixture
from tests.forked import SOCKET

# How long one example takes is the machine's affair; --hypothesis-profile=thorough looks for what is rare.
hypothesis.settings.register_profile("affil", deadline=None, max_examples=50)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=1000)
hypothesis.settings.load_profile("affil")

# What `pytest -m "not slow"` leaves out, besides tests that carry the marker themselves: files of which nearly every test starts
# processes, builds the shipped registry, trains or matches for long; tests by name; and what asks for one of these fixtures.
SLOW = frozenset({
    "batch/test_files.py", "batch/test_spark.py", "bench/test_bench.py", "cli/test_commands.py", "cli/test_extras.py", "cli/test_report.py",
    "cli/test_review.py", "cli/test_successors.py", "cli/test_workspace.py", "evaluate/test_cross_validate.py",
    "evaluate/test_kinds.py", "evaluate/test_self_test.py", "evaluate/test_shipped_matcher.py", "evaluate/test_shipped_model.py",
    "pages/test_browser.py", "pages/test_durability.py", "report/test_browser.py", "report/test_bulletin.py", "report/test_doc.py",
    "review/test_feedback.py", "service/test_ending.py",
    "service/test_fuzz.py", "service/test_serve_doc.py", "test_demo.py", "test_killed.py", "tools/test_api_reference.py",
    "tools/test_audit.py", "tools/test_baseline.py", "tools/test_check_registry.py", "training/test_fit.py",
})  # fmt: skip
SLOW_TESTS = frozenset(
    {
        "test_every_process_builds_the_same_bytes", "test_memory_does_not_grow_with_the_file", "test_reads_the_shared_papers",
        "test_the_demo_is_in_chinese", "test_what_is_shown_of_a_workspace_is_in_chinese",
        "test_what_programs_read_is_the_same_in_all_languages",
    }
)  # fmt: skip
SLOW_FIXTURES = frozenset({"browser", "postgres", "serve", "service_url"})
HERE = Path(__file__).parent
TINY = HERE / "tiny"  # a registry and a model of the tests' own; see tools/tiny_model.py

# Processes of pytest-xdist have the processors already: threads of libraries would only wait for one another.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# Tests read English, whatever the language of who runs them.
os.environ["AFFIL_LANG"] = "en"

# The commands stay what they are from call to call, but for what another language changes in them, and take longer to make than most
# take to run.
_make, _made = typer.main.get_command, functools.cache(typer.main.get_command)
typer.testing._get_command = typer.main.get_command = lambda app: (_made if os.environ["AFFIL_LANG"] == "en" else _make)(app)

# Where tests are started in the background of a shell, SIGINT is ignored, and what they start would ignore it, too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        name = getattr(item, "originalname", None) or item.name
        file = item.path.relative_to(HERE).as_posix()
        if file in SLOW or name in SLOW_TESTS or not SLOW_FIXTURES.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep the tests away from the user's cache, and from what older versions left there; processes of pytest-xdist share one.

    Only the index of the shipped registry is taken from there, built first where it is not: so no test tells that it builds it.
    """
    from affil.io.outputs import atomic_path
    from affil.registry import Registry
    from affil.registry.folder import built_once

    def copy(out: Path) -> None:
        with atomic_path(out) as part:
            shutil.copyfile(shipped, part)

    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "cache"
    (folder / "affil").mkdir(parents=True, exist_ok=True)
    shipped = Registry.open().path
    built_once(folder / "affil" / shipped.name, copy)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        patch.setenv("TERM", "dumb")
        patch.delenv("FORCE_COLOR", raising=False)
        assert os.environ["XDG_CACHE_HOME"] == str(folder)
        yield folder


@pytest.fixture(scope="session")
def made_once(own_cache: Path) -> Callable[[str, Callable[[Path], None]], Path]:
    """A folder that processes of pytest-xdist share and only read: the first that wants it makes it, others wait."""
    from affil.registry.folder import built_once

    def once(name: str, make: Callable[[Path], None]) -> Path:
        folder = own_cache.parent / name

        def build(done: Path) -> None:
            folder.mkdir()
            make(folder)
            done.touch()

        built_once(folder.with_name(f"{name}.made"), build)
        return folder

    return once


@pytest.fixture
def start() -> Iterator[Any]:
    """Start programs as `subprocess.Popen` does; none outlives its test, whose failure would otherwise wait for it for ever."""
    started: list[subprocess.Popen[Any]] = []

    def popen(*arguments: Any, **options: Any) -> subprocess.Popen[Any]:
        started.append(subprocess.Popen(*arguments, **options))
        return started[-1]

    yield popen
    for process in started:
        with process:
            process.kill()


FORKED = HERE / "forked.py"
# What affil imports on use only
LIBRARIES = (
    "chardet", "duckdb", "encodings.gb18030", "encodings.utf_8_sig", "httpx2", "ijson", "lxml.etree", "opencc", "openpyxl", "pandas",
    "pyarrow.compute", "pyarrow.dataset", "pyarrow.pandas_compat", "pyarrow.parquet", "pycountry", "python_calamine",
    "rich._emoji_codes", "rich.console", "rich.progress", "rich.table", "scipy.optimize", "skops.io", "sklearn.ensemble",
    "sklearn.metrics", "tomlkit", "typer._adapters", "typer._click.decorators", "vl_convert",
)  # fmt: skip


@contextlib.contextmanager
def forked_python(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """A program that does what Python does, but starts with all modules imported (see forked.py), beside a program `affil`."""
    place = folder / SOCKET
    command = [sys.executable, "-W", "error", FORKED, "serve", place, *LIBRARIES]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    with process, process.stdin:
        assert process.stdout.read(6) == b"ready\n"
        program, affil = folder / "python", folder / "affil"
        start = f"exec {shlex.quote(sys.executable)} -ISE {shlex.quote(str(FORKED))} {shlex.quote(str(place))}"
        program.write_text(f'#!/bin/sh\n{start} "$@"\n')
        affil.write_text(f'#!/bin/sh\n{start} -m affil "$@"\n')
        for one in (program, affil):
            one.chmod(0o755)
        yield str(program)


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory, own_cache: Path) -> Iterator[str]:
    """Python for programs of their own where not the start is what is tested; in its folder there is also `affil`."""
    with forked_python(tmp_path_factory.mktemp("bin"), {**os.environ}) as program:
        yield program


@pytest.fixture(scope="session", name="forked_python")
def forked_python_fixture() -> Any:
    return forked_python


@pytest.fixture(scope="module")
def few_bins() -> Iterator[None]:
    """Boosting on coarse features, for tests that do not ask how good a model is: most of a small training's time goes into bins."""
    import sklearn.ensemble

    coarse = functools.partial(sklearn.ensemble.HistGradientBoostingClassifier, max_bins=31)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sklearn.ensemble, "HistGradientBoostingClassifier", coarse)
        yield


@pytest.fixture
def french(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Any, dict[str, Any], Any], None]:
    """Add French to a module's catalogues (its `LOCALE`) and to a table of languages, in the way that a translator does."""

    def add(module: Any, languages: dict[str, Any], line: Any) -> None:
        from babel.messages import Catalog
        from babel.messages.pofile import write_po

        from affil.catalogue import SOURCE, catalogue_file, read_catalogue

        folder = tmp_path / "translated" / module.__name__
        shutil.copytree(module.LOCALE, folder)
        catalogue = Catalog(locale="fr")
        catalogue.update(read_catalogue(catalogue_file(folder, SOURCE)))
        for message in catalogue:
            if message.id:
                message.string = "Français" if message.context == "language" else f"fr:{message.id}"
        file = catalogue_file(folder, "fr")
        file.parent.mkdir(parents=True)
        with file.open("wb") as out:
            write_po(out, catalogue)
        monkeypatch.setattr(module, "LOCALE", folder)
        monkeypatch.setitem(languages, "fr", line)

    return add


NAMES = (
    "The Chinese University of Hong Kong",
    "Quillwater Institute of Optics",
    "Northeastern University",
    "OpenAI",
    "Fernhollow College",
)


class Doubter:
    """A matcher for runs that finds an institution where its name stands, and is sure only of strings that end in "!"."""

    model_hash = "m1"

    def __init__(self, registry: Any) -> None:
        self.registry = registry

    def match_table(self, strings: list[str]) -> Any:
        import pyarrow as pa

        rows = [
            (row, one.id, 0.97 if s.endswith("!") else 0.7, "match" if s.endswith("!") else "review")
            for row, s in enumerate(strings)
            for one in self.registry
            if one.name in s
        ]
        names = ("row", "institution_id", "probability", "decision")
        types = (pa.int64(), pa.string(), pa.float64(), pa.string())
        return pa.table({n: pa.array([r[k] for r in rows], t) for k, (n, t) in enumerate(zip(names, types, strict=True))})


@pytest.fixture(scope="session")
def doubter() -> type[Doubter]:
    return Doubter


def institution(name: str, country: str, city: str, *more: tuple[str, str, str], **fields: Any) -> Any:
    from affil.types import Institution, Name

    names = (Name(name, "en", "official"), *(Name(*one) for one in more))
    identifier = "affil:" + name.lower().replace(" ", "-")
    return Institution(identifier, name, names, "education", country, city=city, prominence=2.0, **fields)


@pytest.fixture(scope="session")
def review_registry(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A handful of institutions, one of them with a Chinese short form, two of one name."""
    from dataclasses import replace

    from affil.registry.registry import write_registry

    boston = institution("Northeastern University", "US", "Boston")
    made = [
        institution(NAMES[0], "HK", "Hong Kong", ("港中大", "zh", "alias"), ("CUHK", "", "acronym")),
        institution(NAMES[1], "GB", "Oxford", parents=("affil:fernhollow-college",)),
        replace(boston, id="affil:northeastern-boston"),
        replace(boston, id="affil:northeastern-shenyang", country="CN", city="Shenyang"),
        institution(NAMES[3], "US", "San Francisco"),
        institution(NAMES[4], "GB", "Leeds"),
    ]
    path = tmp_path_factory.mktemp("review-registry") / "small.affil"
    return write_registry(sorted(made, key=lambda x: x.id), path, {"sources": ["test"]})


@pytest.fixture(scope="session")
def review_folder(review_registry: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A matched workspace with doubtful, sure and unexplained strings; to be copied, not changed."""
    import json

    from affil.workspace import Workspace

    folder = tmp_path_factory.mktemp("review-workspace")
    strings = [
        f"{dept}, {name}"
        for name in NAMES
        for dept in ("Physics", "Dept. of Physics", "Chemistry", "School of Law", "Lab 4", "Faculty of Arts", "Music")
    ]
    strings += [f"{name}!" for name in NAMES] + [f"{name} ({i})" for i, name in enumerate(NAMES)]
    strings += ["Tanglewick Robotics Inc.", "Tanglewick Robotics", "Tanglewick Robotics, Leeds, UK", "independent", "Room 12"]
    papers = []
    for i, string in enumerate(strings):
        for copy in range(1 + (i * 7) % 4):
            authors = [{"name": f"Author {i} {copy}", "affiliations": [string]}, {"name": "Zoe", "affiliations": ["OpenAI!"]}]
            venue = ("CVPR", "ICRA", "ACL")[i % 3]
            papers.append(
                {"id": f"p{i}-{copy}", "title": f"Paper {i} {copy}", "venue": venue, "year": 2019 + i % 5, "authors": authors}
            )
    file = folder / "papers.jsonl"
    file.write_text("".join(json.dumps(p) + "\n" for p in papers), "utf-8")
    ws = Workspace.open(folder / "ws", create=True)
    ws.add_papers(file)
    ws.run(matcher=Doubter(review_registry))
    ws.choose(registry=review_registry.path, model=TINY / "matcher.skops")
    return ws.path


@pytest.fixture
def review_ws(review_folder: Path, tmp_path: Path) -> Any:
    """A workspace of one's own to review."""
    import shutil

    from affil.workspace import Workspace

    shutil.copytree(review_folder, tmp_path / "ws")
    return Workspace.open(tmp_path / "ws", create=True)


HOSTILE = (
    "<script>alert(1)</script> OpenAI",
    '"><img src=x onerror=alert(1)>, OpenAI',
    "OpenAI\u202egro.live\u202c",
    "\x1b[31mOpenAI\x07\x00\x7f",
    '=HYPERLINK("http://evil.example","OpenAI")',
    "@SUM(1+1)*cmd|' /C calc'!A0 OpenAI",
    "+OpenAI",
    "-OpenAI",
    "\tOpenAI",
    "OpenAI " + "x" * 100_000,
    "{{ 7*7 }} {% raw %} OpenAI",
    "O\u0301\u0301\u0301\u0301\u0301penAI\u200b\u2066",
    "json:OpenAI",
)


@pytest.fixture(scope="session")
def hostile() -> tuple[str, ...]:
    return HOSTILE


@pytest.fixture
def hostile_ws(review_registry: Any, tmp_path: Path) -> Any:
    """A workspace whose every string, title, author and venue is up to no good."""
    import json

    from affil.workspace import Workspace

    papers = [
        {
            "id": f"p{i}<b>",
            "title": s[:200],
            "venue": "<i>CVPR</i>",
            "year": 2020,
            "authors": [{"name": s[:80], "affiliations": [s]}],
        }
        for i, s in enumerate(HOSTILE)
    ]
    file = tmp_path / "hostile.jsonl"
    file.write_text("".join(json.dumps(p) + "\n" for p in papers), "utf-8")
    ws = Workspace.open(tmp_path / "hostile-ws", create=True)
    ws.add_papers(file)
    ws.run(matcher=Doubter(review_registry))
    ws.choose(registry=review_registry.path, model=TINY / "matcher.skops")
    return ws


class Postgres:
    """A PostgreSQL server of Debian's package in a folder of its own; it refuses to run as root, so there it runs as postgres."""

    def __init__(self, folder: Path) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
        if not found:
            lacking("PostgreSQL (apt-get install postgresql)")
        self.bin, self.data = found[-1].parent, folder / "data"
        self.as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.as_user:
            shutil.chown(folder, "postgres")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.call("initdb", "-D", self.data, "-U", "affil", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.start()

    def call(self, program: str, *arguments: object) -> None:
        command = [*self.as_user, str(self.bin / program), *map(str, arguments)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")

    def start(self) -> None:
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories="
        self.call("pg_ctl", "-D", self.data, "-o", options, "-w", "-l", self.data / "log", "start")

    def stop(self, mode: str = "fast") -> None:
        self.call("pg_ctl", "-D", self.data, "-m", mode, "-w", "stop")

    def database(self) -> str:
        """The URL of a new, empty database."""
        from sqlalchemy import create_engine

        name = f"ledger_{secrets.token_hex(6)}"
        engine = create_engine(f"{self.url}/postgres", isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        engine.dispose()
        return f"postgresql://affil@127.0.0.1:{self.port}/{name}"

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://affil@127.0.0.1:{self.port}"


def lacking(what: str) -> None:
    """Skip a test for lack of a program; where everything is to be tested, fail."""
    if os.environ.get("AFFIL_TEST_ALL"):
        pytest.fail(f"this test needs {what}")
    pytest.skip(f"needs {what}")


@pytest.fixture(scope="session", name="lacking")
def lacking_fixture() -> Any:
    return lacking


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    folder = Path(tempfile.mkdtemp(prefix="affil-postgres-"))  # not below pytest's folder, which only root may enter
    server = Postgres(folder)
    yield server
    with contextlib.suppress(subprocess.CalledProcessError):
        server.stop("immediate")
    shutil.rmtree(folder, ignore_errors=True)


class Server:
    """The command `affil review` (or `affil serve`, without a folder) in a process of its own."""

    def __init__(self, python: str, folder: Path | None, *options: str) -> None:
        verb = ["serve"] if folder is None else ["review", str(folder)]
        command = [python, "-W", "error", "-m", "affil", *verb, "--port", "0", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ})
        line = self.process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, line + self.process.stderr.read()
        self.url = found[0]

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.read()  # ends with it

    def stop(self) -> str:
        """End it as Ctrl-C does; returns what it said."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=30)
        return said


def servers(python: str) -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def start(folder: Path | None, *options: str) -> Server:
        started.append(Server(python, folder, *options))
        return started[-1]

    yield start
    for server in started:
        if server.process.poll() is None:
            server.kill()
        server.process.stdout.close()
        server.process.stderr.close()


@pytest.fixture
def serve(python: str) -> Iterator[Callable[..., Server]]:
    yield from servers(python)


@pytest.fixture(scope="module")
def serve_all(python: str) -> Iterator[Callable[..., Server]]:
    """Servers for all tests of a module."""
    yield from servers(python)


@pytest.fixture(scope="session")
def service_url(python: str) -> Iterator[str]:
    """The command `affil serve` in a process of its own, for those who only ask."""
    server = Server(python, None, "--quiet")
    yield server.url
    assert server.stop() == ""
    server.process.stdout.close()
    server.process.stderr.close()


@dataclass
class Service:
    """The service in this process, and what is behind it."""

    client: Any
    matcher: Any
    batcher: Any
    settings: Any


@contextlib.contextmanager
def in_process(matcher: Any, access: Any, settings: Any, base: str = "http://127.0.0.1:8372", **more: Any) -> Iterator[Service]:
    from starlette.testclient import TestClient

    from affil.pages.serve import serve_app
    from affil.service.batching import Batcher
    from affil.service.telemetry import Metrics

    metrics = Metrics({"version": matcher.version})
    with Batcher(matcher, settings, metrics.matched) as batcher:
        app = serve_app(matcher, batcher, metrics, access, settings, **more)
        with TestClient(app, base_url=base, follow_redirects=False, raise_server_exceptions=False) as client:
            yield Service(client, matcher, batcher, settings)


@pytest.fixture(scope="session")
def tiny_model() -> Path:
    """The file of the model that is the tests' own."""
    return TINY / "matcher.skops"


@pytest.fixture(scope="session")
def tiny_matcher(tiny_model: Path, made_once: Any) -> Any:
    """For tests that need a matcher, not the shipped one: it knows the institutions of tests/tiny/institutions.csv."""
    from affil.match import Matcher
    from tools.tiny_model import tiny_registry

    folder = made_once("tiny", lambda folder: tiny_registry(folder / "tiny.affil"))
    return Matcher.load(folder / "tiny.affil", tiny_model)


@pytest.fixture(scope="session")
def shipped_matcher() -> Any:
    """The shipped registry and model: for what they must know, and for properties that need many institutions."""
    from affil.match import Matcher

    return Matcher.load()


@pytest.fixture(scope="session")
def service(tiny_matcher: Any) -> Iterator[Service]:
    """A service on the loopback, in this process."""
    from affil.service.security import Access
    from affil.settings import ServeSettings

    settings = ServeSettings(per_minute=1_000_000)  # the test client's address is not the loopback's
    with in_process(tiny_matcher, Access.of("127.0.0.1"), settings) as made:
        yield made


@pytest.fixture(scope="session")
def serving() -> Callable[..., Any]:
    """To make a service of one's own."""
    return in_process
