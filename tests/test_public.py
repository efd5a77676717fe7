"""What other programs may rest on (docs/compatibility.md) is what `public.json` lists: names, parameters, verbs, columns, paths.

After a change that is meant: `python tests/test_public.py`, which writes the list anew, and a line in CHANGELOG.md. What is taken away or
renamed breaks programs.
"""

from __future__ import annotations

import importlib
import inspect
import json
import subprocess
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import typer

import affil
from affil.cli import app
from affil.ledger.rows import COLUMNS as LEDGER
from affil.match import COLUMNS
from affil.workspace import layout

LIST = Path(__file__).with_name("public.json")


def parameters(function: Any) -> list[str]:
    return [p.name for p in inspect.signature(function).parameters.values() if p.name not in ("self", "cls")]


def members(kind: type) -> dict[str, Any]:
    """The public members that affil gives a class: methods with their parameters, and what it holds."""
    held = [f.name for f in fields(kind)] if is_dataclass(kind) else []
    found: dict[str, Any] = {name: None for name in held if not name.startswith("_")}
    for base in reversed(kind.__mro__):
        if base.__module__.startswith("affil"):
            for name, value in vars(base).items():
                if not name.startswith("_") and (callable(value) or isinstance(value, classmethod | staticmethod | property)):
                    found[name] = None if isinstance(value, property) else parameters(getattr(kind, name))
                elif not name.startswith("_") and name not in found:
                    found[name] = None
    return dict(sorted(found.items()))


def python() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in sorted(affil.__all__):
        value = getattr(affil, name)
        if isinstance(value, type) and name != "Settings":  # settings have a page of their own
            found[name] = members(value)
        elif callable(value) and not isinstance(value, type):
            found[name] = parameters(value)
        else:
            found[name] = None
    return found


def verbs(command: Any, path: str = "affil") -> dict[str, list[str]]:
    found = {path: sorted(o for p in command.params for o in p.opts if o.startswith("--"))}
    for name, one in sorted(getattr(command, "commands", {}).items()):
        if not one.hidden:
            found |= verbs(one, f"{path} {name}")
    return found


def public(matcher: Any, document: Any) -> dict[str, Any]:
    tables = {"papers": layout.PAPERS, "mentions": layout.MENTIONS, "matches": layout.MATCHES, "merged": layout.MERGED}
    return {
        "python": python(),
        "verbs": verbs(typer.main.get_command(app)),
        "columns of affil match": list(COLUMNS),
        "columns of match_table": matcher.match_table([]).schema.names,
        "service": {
            f"{method.upper()} {path}": {
                "parameters": sorted(p["name"] for p in one.get("parameters", ())),
                "errors": sorted(status for status in one["responses"] if status >= "400"),
            }
            for path, methods in document["paths"].items()
            for method, one in methods.items()
        },
        "answers of the service": {
            name: sorted(shape["properties"])
            for name, shape in sorted(document["components"]["schemas"].items())
            if "properties" in shape
        },
        "ledger": list(LEDGER),
        "workspace": {name: schema.names for name, schema in tables.items()},
    }


def test_the_public_names_and_columns_are_those_listed(tiny_matcher: Any, service: Any) -> None:
    found = public(tiny_matcher, service.client.get("/openapi.json").json())
    assert json.loads(json.dumps(found)) == json.loads(LIST.read_text("utf-8")), __doc__


def test_what_is_listed_is_documented() -> None:
    """Every public name has a docstring, with what it raises where it says so."""
    for name, members_ in python().items():
        if name == "__version__":
            continue
        assert inspect.getdoc(getattr(affil, name)), name
        for member in members_ if isinstance(members_, dict) else ():
            value = inspect.getattr_static(getattr(affil, name), member, None)
            if callable(value) or isinstance(value, property | classmethod):
                assert inspect.getdoc(getattr(getattr(affil, name), member)), f"{name}.{member}"


def test_the_versions_are_the_same_everywhere(shipped_matcher: Any, serving: Any) -> None:
    """A program that holds a model and a registry to their hashes finds the same ones wherever they are shown."""
    from affil.service.security import Access
    from affil.settings import ServeSettings

    done = subprocess.run([sys.executable, "-m", "affil", "--version"], capture_output=True, text=True, check=True)
    first, model, registry = done.stdout.splitlines()
    assert f"{model}, {registry}" == shipped_matcher.version
    assert shipped_matcher.version == f"model {shipped_matcher.model_hash[:12]}, registry {shipped_matcher.registry.hash[:12]}"
    with serving(shipped_matcher, Access.of("127.0.0.1"), ServeSettings(per_minute=1_000_000)) as service:
        health = service.client.get("/health").json()
        assert (health["version"], f"affil {health['affil']}") == (shipped_matcher.version, first.partition(" (")[0])
        assert service.client.get("/match", params={"affiliation": "MIT"}).json()["version"] == shipped_matcher.version
    assert f"({shipped_matcher.registry.hash[:12]})" in shipped_matcher.registry.version


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    conftest = importlib.import_module("tests.conftest")
    from affil.service.security import Access as Rules
    from affil.settings import ServeSettings as Limits

    matcher = affil.Matcher.load()
    with conftest.in_process(matcher, Rules.of("127.0.0.1"), Limits(per_minute=1_000_000)) as asked:
        listed = public(matcher, asked.client.get("/openapi.json").json())
    sections = []
    for section, held in listed.items():
        lines = [f" {json.dumps(k)}: {json.dumps(v)}" for k, v in held.items()] if isinstance(held, dict) else []
        sections.append(f"{json.dumps(section)}: " + ("{\n" + ",\n".join(lines) + "\n}" if lines else json.dumps(held)))
    LIST.write_text("{\n" + ",\n".join(sections) + "\n}\n", "utf-8")
