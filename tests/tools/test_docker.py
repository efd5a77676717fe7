"""The image and its composition hold what docs/serve.md promises of them; neither is built here."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from affil.cli import app

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tools" / "docker"


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile, continued lines joined."""
    text = (FOLDER / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in text.splitlines() if line and line[0] != "#"]


def last(name: str) -> str:
    """The value that holds."""
    return [value for instruction, value in instructions() if instruction == name][-1]


COMPOSED: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text("utf-8"))
OURS = ("serve", "review")


def accepted(command: list[str]) -> None:
    """Check that the command line has these commands and options."""
    words = [word for word in command if re.fullmatch(r"[a-z]+", word) and word not in ("affil",)]
    asked = CliRunner().invoke(app, [*words[: 2 if words[0] == "review" else 1], "--help"])
    assert asked.exit_code == 0
    for option in (word for word in command if word.startswith("--")):
        assert option in asked.output, option


def test_the_image_is_slim_and_not_of_root() -> None:
    bases = [value.split()[0] for instruction, value in instructions() if instruction == "FROM"]
    assert all(base.endswith("-slim") for base in bases)
    assert last("USER").isdigit()
    assert int(last("USER")) > 0
    after = instructions()[[i for i, _ in instructions()].index("USER") :]
    assert "RUN" not in {instruction for instruction, _ in after}, "nothing is made as that user, who owns nothing but /data"
    python = re.search(r"python:(\d+\.\d+)-slim", last("FROM"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert python
    assert f"Programming Language :: Python :: {python[1]}" in project["classifiers"]
    extras = re.search(r"\.\[([\w,]+)\]", (FOLDER / "Dockerfile").read_text("utf-8"))
    assert extras
    assert set(extras[1].split(",")) <= set(project["optional-dependencies"])


def test_what_the_image_is_made_of_is_let_in() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {"pyproject.toml", "README.md", "LICENSE", "src", *build["force-include"], *build["shared-data"]}
    lines = (FOLDER / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    assert "*" in lines
    assert {line.removeprefix("!") for line in lines if line.startswith("!")} == needed


@pytest.mark.parametrize("status", [200, 401, 503])
def test_the_check_of_health(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    """The program of HEALTHCHECK succeeds where the service answers, and fails where not."""
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    asked: list[tuple[str, str | None]] = []

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["authorization"]))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    _, _, shown = last("HEALTHCHECK").partition("CMD ")
    python, flag, program = json.loads(shown)
    assert (python, flag) == ("python", "-c")
    monkeypatch.setenv("AFFIL_TOKEN", "secret")
    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            code = compile(program.replace(":8372", f":{server.server_port}"), "health", "exec")
            if status == 200:
                exec(code, {})
            else:
                with pytest.raises(OSError, match="HTTP Error"):
                    exec(code, {})
        finally:
            server.shutdown()
            thread.join()
    assert asked == [("/heartbeat", "Bearer secret")]


def test_the_commands_are_there() -> None:
    assert json.loads(last("ENTRYPOINT")) == ["affil"]
    command = json.loads(last("CMD"))
    accepted(command)
    accepted(COMPOSED["services"]["review"]["command"])
    assert command[command.index("--port") + 1] == last("EXPOSE")
    assert command[command.index("--jobs") + 1].startswith(f"{last('VOLUME')}/")


def test_the_composition_gives_no_more_than_is_needed() -> None:
    services = COMPOSED["services"]
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert "/tmp" in service["tmpfs"]
        assert "no-new-privileges:true" in service["security_opt"]
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:"), "TLS is for a proxy before it"
    for name in OURS:
        assert services[name]["cap_drop"] == ["ALL"]
        assert (FOLDER / services[name]["build"]["context"] / services[name]["build"]["dockerfile"]).exists()
        assert services[name]["environment"]["AFFIL_TOKEN"].startswith("${AFFIL_TOKEN:?"), "none goes on without a token"
    assert services["review"]["depends_on"]["db"]["condition"] == "service_healthy"
    assert "healthcheck" in services["db"]
    assert "ports" not in services["db"]
    ledger = services["review"]["command"][-1]
    assert ledger == f"postgresql://{services['db']['environment']['POSTGRES_USER']}@db/affil"
    named = {volume.partition(":")[0] for service in services.values() for volume in service["volumes"] if volume[0] != "$"}
    assert named == set(COMPOSED["volumes"])
