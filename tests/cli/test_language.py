"""The command line in Chinese: every message goes through the catalogue, and nothing that a program reads changes."""

from __future__ import annotations

import ast
import inspect
import json
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

import affil
from affil import errors
from affil.catalogue import messages
from affil.cli import app
from affil.cli.help import cells, help_texts, localized, wrapped
from affil.cli.language import LOCALE, SIMPLIFIED, TRADITIONAL, called, language, shown, translated
from affil.errors import AffilError, InputError, UnknownIdError
from affil.rank import AREAS
from affil.registry.geonames import countries
from affil.wording import Name, counted, joined, said
from tests.chinese import faults

PACKAGE = Path(affil.__file__).parent
HAN = re.compile("[\u4e00-\u9fff]")
# English words behind one another; a sentence has some in small letters, which names of institutions and papers seldom have.
RUN = re.compile(r"(?:\b[A-Za-z'’]+,? ){2,}[A-Za-z'’]+")


@pytest.fixture(params=[SIMPLIFIED, TRADITIONAL])
def chinese(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AFFIL_LANG", {SIMPLIFIED: "zh_CN", TRADITIONAL: "zh_TW"}[request.param])
    return str(request.param)


@pytest.mark.parametrize(
    ("variables", "meant"),
    [
        ({}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, SIMPLIFIED),
        ({"LANG": "zh_SG"}, SIMPLIFIED),
        ({"LANG": "zh_TW.UTF-8"}, TRADITIONAL),
        ({"LANG": "zh_HK.UTF-8@stroke"}, TRADITIONAL),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8"}, SIMPLIFIED),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": ""}, "en"),
        ({"LANG": "zh_CN.UTF-8", "AFFIL_LANG": "en"}, "en"),
        ({"LANG": "C", "AFFIL_LANG": "zh-hant"}, TRADITIONAL),
        ({"AFFIL_LANG": "zh-Hans-TW"}, SIMPLIFIED),
        ({"AFFIL_LANG": "zh"}, SIMPLIFIED),
    ],
)
def test_the_language_is_that_of_the_variable_else_of_the_locale(
    variables: dict[str, str], meant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AFFIL_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert language() == meant


def test_messages_inside_messages_are_shown_in_the_language_too(chinese: str) -> None:
    """An error is English to the library, and keeps what it was made of, also through a process."""
    error = InputError("a.csv", said("has {0}, the header {1}", counted(3, "field"), 2), row=4, fix=said("save it as UTF-8"))
    assert str(error) == "a.csv, row 4: has 3 fields, the header 2; save it as UTF-8"
    told = {
        SIMPLIFIED: "a.csv，第 4 行：有 3 个字段，表头有 2 个；请另存为 UTF-8",
        TRADITIONAL: "a.csv，第 4 行：有 3 個欄位，表頭有 2 個；請另存為 UTF-8",
    }
    assert shown(error) == told[chinese]
    assert shown(AffilError(said("note: {0}", error))) != str(error)
    assert told[chinese] in shown(said("warning: {0}", error))
    assert shown(pickle.loads(pickle.dumps(said("{0}: {1}", "x", error)))).startswith("x：a.csv，")
    assert shown("a text of another") == "a text of another"
    assert shown(joined(", ", [said("string"), "b"])).endswith("，b")


def test_an_unknown_id_says_how_to_find_one(chinese: str) -> None:
    error = UnknownIdError("MIT", why=said("did you mean: {0}?", "MITRE"))
    assert (
        str(error) == "the registry has no institution 'MIT'; did you mean: MITRE? Or find it with: affil registry search TEXT"
    )
    assert not english_in(shown(error))
    assert "MITRE" in shown(error)
    assert "affil registry search TEXT" in shown(error)


@given(
    st.lists(st.sampled_from(["ab", "abcdefgh", "中", "文字", "，", "。", "（中）", "「ab」", " "]), max_size=40),
    st.integers(12, 40),
)
def test_lines_fit_the_terminal_and_lose_nothing(pieces: list[str], width: int) -> None:
    """A mark stays behind what it belongs to, unless a blank parts them."""
    text = "".join(pieces)
    lines = wrapped(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    longest = max((cells(word) for word in re.findall(r"[^ 中文字（「]+|[（「]?[中文字ab][）」，。]*", text)), default=0)
    assert max(map(cells, lines)) <= max(width, longest + 2)
    assert not [line for line in lines[1:] if line[0] in "，。" and f" {line[0]}" not in text]


def test_all_help_is_in_the_language(chinese: str) -> None:
    group = localized(typer.main.get_command(app))
    for context in contexts(group, group.make_context("affil", [], resilient_parsing=True)):
        told = context.get_help()
        assert HAN.search(told), context.command_path
        assert not english_in(told), (context.command_path, english_in(told))
        assert max(map(cells, told.splitlines())) <= 80, context.command_path


def contexts(group: Any, context: Any) -> Iterator[Any]:
    """A command, and all commands in it."""
    yield context
    for name, command in getattr(group, "commands", {}).items():
        yield from contexts(command, command.make_context(name, [], parent=context, resilient_parsing=True))


@pytest.mark.parametrize("words", [["--help"], ["match", "--help"]])
def test_the_command_shows_its_help_in_the_language(words: list[str], chinese: str) -> None:
    done = run(words, chinese)
    assert done.returncode == 0
    assert done.stdout.startswith("用法：")
    assert not english_in(done.stdout)


def run(
    words: list[str], language: str, folder: Path | None = None, python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "AFFIL_LANG": language, "COLUMNS": "200" if folder else "80"}
    command = [python, "-m", "affil", *words]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, check=False)


def english_in(text: str) -> list[str]:
    """What looks like English to be read; commands to type, areas (as options have them) and what stands in quotes does not."""
    bare = re.sub(
        r"<[a-z ]+>|affil [a-z]+[^\n。；（）：]*|'[^'\n]*'|“[^”]*”|\"[^\"\n]*\"|「[^」]*」|" + "|".join(AREAS), "", text
    )
    return [run for run in RUN.findall(bare) if len([w for w in run.split() if w.islower() and len(w) > 3]) > 1]


def test_english_is_found() -> None:
    assert english_in("错误：it is no table of papers") == ["it is no table of papers"]
    assert not english_in(
        "1  Institute of Automation, Chinese Academy of Sciences  北京：computer vision；affil rank is not a sentence"
    )


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["match"], 2),
        (["match", "there-is-none.csv", "-o", "out.csv"], 2),
        (["match", "--text"], 2),
        (["rank"], 2),
        (["rank", "."], 2),
        (["rank", ".", "--limit", "many"], 2),
        (["rank", ".", "--limit", "-1"], 2),
        (["rank", ".", "--nonsense"], 2),
        (["rank", ".", "--threshold", "0.5"], 2),
        (["rnk"], 2),
        (["lookup"], 2),
        (["keys"], 2),
        (["undo", ".", "one", "--by", "a", "--why", "b"], 2),
        (["snapshot", ".", "a", "b"], 2),
        (["formats", "bad.jsonl"], 2),
        (["run", "bad.jsonl", "-w", "ws"], 2),
        (["registry", "build", "no.csv", "-o", "x.affil"], 2),
    ],
)
def test_errors_are_in_chinese_with_the_same_code(words: list[str], code: int, tmp_path: Path, python: str) -> None:
    (tmp_path / "bad.jsonl").write_text('{"id": 1, "title": [}\n')
    done = run(words, SIMPLIFIED, tmp_path, python)
    assert done.returncode == code
    assert HAN.search(done.stderr)
    assert not english_in(done.stderr), done.stderr
    assert "Traceback" not in done.stderr


SINKS = {
    "tell": 0,
    "report": 1,
    "refuse": 0,
    "needing": 1,
    "working": 0,
    "counting": 0,
    "matching_shown": 1,
    "say": 0,
    "fail": 0,
}
OTHER_WAYS = {"pages", "service"}  # which answer over HTTP, in the language of who asks, or in English to programs


def raised() -> set[str]:
    """The names of affil's errors."""
    return {name for name, value in vars(errors).items() if inspect.isclass(value) and issubclass(value, AffilError)}


def unsaid(code: str, sinks: dict[str, int], named: set[str]) -> list[tuple[int, str]]:
    """Texts in a module that a person reads and that no catalogue can find: arguments of errors and of `sinks` outside of `said`."""
    tree = ast.parse(code)
    found = []
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        if name in named:
            arguments = [
                *call.args[name == "InputError" :],
                *(k.value for k in call.keywords if k.arg in ("fix", "note", "why")),
            ]
        elif name in sinks and (name != "report" or isinstance(call.func, ast.Attribute)):  # that of a source of papers
            arguments = call.args[sinks[name] : sinks[name] + 1]
        else:
            continue
        found += [(call.lineno, text) for argument in arguments for text in plain_texts(argument)]
    return found


def plain_texts(node: ast.AST) -> Iterator[str]:
    """The texts with words in an expression, but for those of messages and of other calls; names of files are no words."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and re.search("[a-z]{2} [a-z]|^ ?[a-z]{4,} ?$", node.value):
            yield node.value
    elif not isinstance(node, ast.Call):
        for inner in ast.iter_child_nodes(node):
            yield from plain_texts(inner)


def test_every_error_and_every_line_goes_through_the_catalogue() -> None:
    wrong = []
    for file in sorted(PACKAGE.rglob("*.py")):
        name = file.relative_to(PACKAGE).as_posix()
        if name.split("/")[0] in OTHER_WAYS and name not in ("service/keys.py", "service/server.py"):
            continue
        wrong += [f"{name}:{line}: {text}" for line, text in unsaid(file.read_text("utf-8"), SINKS, raised())]
    assert wrong == []


def test_what_goes_past_the_catalogue_is_found() -> None:
    code = """
raise AffilError(f"{path}: no such file")
raise InputError(path, "is empty", fix=said("write it"))
tell("reading the papers" if papers else said("matching"))
raise AffilError(said("{0}: fine", path))
"""
    assert [line for line, _ in unsaid(code, SINKS, raised())] == [2, 3, 4]


def test_the_catalogue_has_every_text_of_the_help() -> None:
    known = messages(LOCALE, "en")
    assert {*help_texts(typer.main.get_command(app))} <= {*known}


def test_help_and_the_manual_are_english_without_the_language(chinese: str) -> None:
    """As programs make pages from them: only the command itself looks at the locale."""
    assert str(typer.main.get_command(app).help).startswith("Match affiliation strings")
    assert translated("string") != "string"


def test_no_catalogue_is_read_in_english() -> None:
    lines = ("import sys, affil.cli", "from affil.cli.help import run", "try: run(affil.cli.app)", "except SystemExit: pass")
    code = "\n".join([*lines, "print('babel' in sys.modules)"])
    environment = {**os.environ, "AFFIL_LANG": "en"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.stdout.endswith("False\n")


@pytest.fixture(scope="module")
def demo(python: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the workspace `ws` of the demo, and what the demo said in simplified Chinese."""
    folder = tmp_path_factory.mktemp("demo")
    done = run(["demo", "-w", "ws"], SIMPLIFIED, folder, python)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    (folder / "said.txt").write_text(done.stdout, "utf-8")
    return folder


def test_the_demo_is_in_chinese(demo: Path) -> None:
    said = (demo / "said.txt").read_text("utf-8")
    assert not english_in(said)
    assert "的论文数" in said
    assert "affil match strings.csv --column affiliation -o matches.csv" in said


@pytest.mark.parametrize(
    ("words", "language"),
    [
        (["rank", "ws", "--level", "country"], SIMPLIFIED),
        (["rank", "ws", "--level", "country"], TRADITIONAL),
        (["rank", "ws", "--by", "index", "--area", "cv"], SIMPLIFIED),
        (["rank", "ws", "--each-year"], SIMPLIFIED),
        (["trend", "ws"], SIMPLIFIED),
        (["why", "ws", "Tsinghua University", "--limit", "1"], SIMPLIFIED),
        (["why", "ws", "Tsingua University"], SIMPLIFIED),
        (["diff", "ws"], SIMPLIFIED),
        (["doctor", "ws"], SIMPLIFIED),
        (["decisions", "ws"], SIMPLIFIED),
        (["venues", "ws"], SIMPLIFIED),
        (["run", "-w", "ws"], SIMPLIFIED),
        (["match", "--text", "Univ. of Nowhereville", "--candidates", "2"], TRADITIONAL),
    ],
)
def test_what_is_shown_of_a_workspace_is_in_chinese(demo: Path, python: str, words: list[str], language: str) -> None:
    done = run(words, language, demo, python)
    said = done.stdout + done.stderr
    assert done.returncode in (0, 2)
    assert said
    assert "Traceback" not in said
    assert not english_in(said), english_in(said)
    assert [fault for line in said.splitlines() if line.endswith("。") for fault in faults(line)] == []


@pytest.mark.parametrize(("language", "china"), [(SIMPLIFIED, "中国"), (TRADITIONAL, "中國")])
def test_countries_are_named_in_chinese_in_tables_and_notes(demo: Path, python: str, language: str, china: str) -> None:
    english = {one.name for one in countries().values()}
    for words in (["trend", "ws"], ["rank", "ws", "--each-year", "--level", "country"]):
        said = run(words, language, demo, python).stdout
        assert china in said
        assert [name for name in english if name in said] == []
        assert words[0] == "trend" or re.search(r"^[美国國]{2}在 \d{4} 年居首", said, re.M), "the note says who is first"


def test_a_name_is_shown_in_the_language_where_it_has_one(chinese: str, monkeypatch: pytest.MonkeyPatch) -> None:
    message = said("{0} is first in {1}", Name("China", "中国"), 2020)
    assert message == "China is first in 2020" and Name("China", "中国") == "China"
    assert shown(message) == ("中国在 2020 年居首" if chinese == SIMPLIFIED else "中國在 2020 年居首")
    assert shown(said("{0} is first in {1}", Name("Atlantis"), 2020)) == "Atlantis在 2020 年居首"
    assert called(Name("Atlantis", None)) == "Atlantis"
    again = pickle.loads(pickle.dumps(message))
    assert shown(again) == shown(message)
    monkeypatch.setenv("AFFIL_LANG", "en")
    assert shown(message) == "China is first in 2020"


def test_what_programs_read_is_the_same_in_all_languages(demo: Path, python: str) -> None:
    files = []
    for name in (SIMPLIFIED, "en"):
        asked = (["rank", "ws", "--json"], ["formats", "--json"], ["why", "ws", "Stanford University", "--json"])
        parts = [run(words, name, demo, python).stdout for words in asked]
        assert all(map(json.loads, parts))
        run(["rank", "ws", "-o", f"{name}.csv"], name, demo, python)
        run(["match", str(PACKAGE / "demo_data" / "examples.csv"), "-o", f"m-{name}.csv"], name, demo, python)
        files.append([*parts, *((demo / f"{one}{name}.csv").read_bytes() for one in ("", "m-"))])
    assert files[0] == files[1]
