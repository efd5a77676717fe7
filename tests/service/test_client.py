"""A client that a program makes from the OpenAPI document, against the service: what it asks is answered as the document says."""

from __future__ import annotations

import importlib
import io
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from affil.batch import match_file
from affil.match import why_not

pytestmark = pytest.mark.slow
TOKEN = "sesame"


@pytest.fixture(scope="module")
def made(serve_all: Any, tiny_matcher: Any, tiny_model: Path, lacking: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The generated package, and a client of a running service that wants a token."""
    generator = shutil.which("openapi-python-client")
    if generator is None:
        lacking("openapi-python-client (pipx install openapi-python-client: it wants an older Typer than affil has)")
    folder = tmp_path_factory.mktemp("client")
    registry = ["--registry", str(tiny_matcher.registry.path), "--model", str(tiny_model)]
    server = serve_all(None, *registry, "--jobs", str(folder / "jobs"), "--token", TOKEN, "--quiet")
    base = server.url.partition("?")[0].rstrip("/")
    shown = {"authorization": f"Bearer {TOKEN}"}
    with urllib.request.urlopen(urllib.request.Request(f"{base}/openapi.json", headers=shown)) as answer:
        (folder / "openapi.json").write_bytes(answer.read())
    (folder / "config.yml").write_text("post_hooks: []\n")
    command = [generator, "generate", "--meta", "none", "--fail-on-warning"]
    command += ["--path", "openapi.json", "--config", "config.yml", "--output-path", "affil_client"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        package = importlib.import_module("affil_client")
        with package.AuthenticatedClient(base_url=base, token=TOKEN) as client:
            yield package, client
        for name in [name for name in sys.modules if name.partition(".")[0] == "affil_client"]:
            del sys.modules[name]


def call(made: Any, operation: str, *arguments: Any, **more: Any) -> Any:
    package, client = made
    found = importlib.import_module(f"{package.__name__}.api.default.{operation}")
    return found.sync(*arguments, **{"client": client, **more})


def model(made: Any, name: str) -> Any:
    return getattr(importlib.import_module(f"{made[0].__name__}.models"), name)


def test_it_matches(made: Any, tiny_matcher: Any) -> None:
    strings = ["Univ. of Oxford", "独立研究者"]
    answer = call(made, "post_match", body=model(made, "MatchBody")(affiliations=strings))
    found = [[m.institution_id for m in result.matches] for result in answer.results]
    assert found == [[m.institution.id for m in result.matches] for result in tiny_matcher.match_many(strings)]
    assert any(found)
    unset = importlib.import_module(f"{made[0].__name__}.types").UNSET
    why = ["" if result.why is unset else result.why.value for result in answer.results]
    assert why == [result.why for result in tiny_matcher.match_many(strings)] == ["", "nothing_named"]
    assert why_not(tiny_matcher, strings[1:])[0].nothing.said == answer.results[1].explanation
    one = call(made, "get_match", affiliation=strings[0])
    assert one.results == answer.results[:1]
    wrong = call(made, "post_match", body=model(made, "MatchBody")(affiliations=["x" * 10_001]))
    assert isinstance(wrong, model(made, "Errors"))


def test_it_authenticates(made: Any) -> None:
    package, client = made
    refused = {
        "not known here": package.AuthenticatedClient(client._base_url, "guessed"),
        "authorization: Bearer": package.Client(client._base_url),
    }
    for why, one in refused.items():
        with one:
            answer = call(made, "get_match", client=one, affiliation="Univ. of Oxford")
            assert isinstance(answer, model(made, "Errors"))
            assert why in answer.errors[0]


def test_it_finds_organisations(made: Any) -> None:
    listed = call(made, "get_v2_organizations", query="oxford")
    assert listed.number_of_results >= 1
    first = listed.items[0]
    assert call(made, "get_v2_organizations_id_path", first.id) == first
    asked = call(made, "get_organizations", affiliation="Univ. of Oxford")
    assert asked.items[0].chosen is True
    assert isinstance(call(made, "get_organizations_id_path", "nothing"), model(made, "Errors"))


def test_it_sends_jobs(made: Any, tiny_matcher: Any, tmp_path: Path) -> None:
    types = importlib.import_module(f"{made[0].__name__}.types")
    source = tmp_path / "mine.csv"
    source.write_text("affiliation\n" + "Univ. of Oxford\n独立研究者\n" * 20, "utf-8")
    file = types.File(payload=io.BytesIO(source.read_bytes()), file_name=source.name)
    jobs = [
        call(made, "post_jobs", body=model(made, "PostJobsFilesBody")(file=file)),
        call(made, "post_jobs", body=types.File(payload=io.BytesIO(source.read_bytes())), column="affiliation"),
    ]
    assert [job.name for job in jobs] == ["mine.csv", "the file"]
    end = time.monotonic() + 120
    while any(call(made, "get_jobs_id", job.id).state != "done" for job in jobs):
        assert time.monotonic() < end
        time.sleep(0.1)
    assert [job.done for job in call(made, "get_jobs").jobs] == [40, 40]
    match_file(source, tmp_path / "expected.csv", matcher=tiny_matcher)
    for job in jobs:
        result = call(made, "get_jobs_id_result", job.id)
        assert result.payload.read() == (tmp_path / "expected.csv").read_bytes()
        assert call(made, "delete_jobs_id", job.id).id == job.id
        assert isinstance(call(made, "get_jobs_id", job.id), model(made, "Errors"))
