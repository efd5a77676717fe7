"""The examples of the README and of some pages of docs run, in order, in one folder each; pages and their numbers are in order."""

from __future__ import annotations

import itertools
import json
import os
import re
import runpy
import subprocess
from pathlib import Path

import pytest
import typer

from affil.cli import app

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
# Pages whose examples run, with the files that these leave.
RUN = {
    README: {"matches.csv", "vision.csv"},
    ROOT / "docs" / "assistants.md": set(),
    ROOT / "docs" / "compatibility.md": set(),
    ROOT / "docs" / "index.md": {"matches.csv", "queue.csv"},
    ROOT / "docs" / "match.md": {"matches.csv"},
    ROOT / "docs" / "notebooks.md": set(),
    ROOT / "docs" / "rank.md": {"vision.csv"},
    ROOT / "docs" / "review.md": {"matches.csv", "doubtful.csv", "doubtful.xlsx"},
}
END = "---- the end of an example"  # between what several print in one process
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
MARKED = re.compile(r"<!-- (run|not run) by the tests -->\n```(sh|python)\n(.*?)```(?:\n\n```text\n(.*?)```)?", re.DOTALL)


def blocks(page: Path) -> list[tuple[str, str, str, str]]:
    return MARKED.findall(page.read_text("utf-8"))


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.name)
def test_every_example_is_marked(page: Path) -> None:
    text = page.read_text("utf-8")
    assert len(blocks(page)) == text.count("\n```sh\n") + text.count("\n```python\n")


def test_no_page_says_in_vain_that_its_examples_run() -> None:
    # Those of three pages run in tests/report/test_doc.py and tests/service/test_serve_doc.py; Chinese pages have the same code.
    elsewhere = {ROOT / "docs" / name for name in ("report.md", "serve.md", "openrefine.md")}
    marked = {page for page in PAGES if "<!-- run by the tests -->" in page.read_text("utf-8")}
    assert {page for page in marked if not page.name.endswith(".zh.md")} == {*RUN} | elsewhere


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN, ids=lambda page: page.name)
def test_the_examples_run(page: Path, python: str, tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": f"{Path(python).parent}:{os.environ['PATH']}", "COLUMNS": "150"}
    code = ""
    marked = [(language, text, shown) for state, language, text, shown in blocks(page) if state == "run"]
    assert marked
    for language, some in itertools.groupby(marked, key=lambda block: block[0]):
        together = [*some]
        for run in [together] if language == "python" else [[one] for one in together]:
            texts = [text for _, text, _ in run]
            if language == "sh":
                command = ["bash", "-euo", "pipefail", "-c", *texts]
            else:  # later examples go on with the names of earlier ones
                command = [python, "-W", "error", "-c", f"print({END!r})\n".join([code, *texts])]
                code += "".join(texts)
            done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, f"{texts}\n{done.stdout}\n{done.stderr}"
            assert "Traceback" not in done.stderr
            printed = done.stdout.split(f"{END}\n")[-len(run) :]
            for (_, _, shown), out in zip(run, printed, strict=True):
                assert not shown or without_probabilities(out) == without_probabilities(shown)
    assert RUN[page] <= {file.name for file in tmp_path.iterdir()}
    if "matches.csv" in RUN[page]:
        assert (tmp_path / "matches.csv").read_text("utf-8").startswith("id,affiliation,institution_id,")


def without_probabilities(text: str) -> list[str]:
    """The lines as they are read; another model is a little more or less sure."""
    return [re.sub(r"\b[01]\.\d+", "0.999", line.rstrip()) for line in text.rstrip().splitlines()]


def test_the_first_screen_shows_a_string_and_its_answer() -> None:
    state, _, command, shown = blocks(README)[0]
    assert state == "run"
    assert command.startswith("affil match --text")
    assert shown.count("match 0.") == 2


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_pictures_exist(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text("utf-8"))
    assert targets or page != README
    for target in targets:
        assert target.startswith(("https://", "http://")) or (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_holds_what_a_merge_left_open(page: Path) -> None:
    assert not re.search(r"^(<{7}|={7}|>{7})( |$)", page.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("script", ["make", "make_serve"])
def test_scripts_that_draw_pictures_find_what_they_draw_with(script: str) -> None:
    assert callable(runpy.run_path(str(ROOT / "docs" / "images" / script), run_name="drawn")["main"])


def test_every_command_is_documented() -> None:
    """A command without a word in the README fails here."""
    text = README.read_text("utf-8")
    group = typer.main.get_command(app)
    names = []
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        names += [f"{name} {sub}" for sub in inner] if inner else [name]
    assert len(names) > 10
    assert not [name for name in names if f"affil {name}" not in text]


def test_every_page_is_reached_from_the_readme() -> None:
    text = "".join(page.read_text("utf-8") for page in (*RUN, ROOT / "docs" / "architecture.md"))
    elsewhere = {README, *(ROOT / "docs" / "decisions").iterdir(), *(ROOT / "docs").glob("*.zh.md")}
    assert not [page.name for page in PAGES if page not in elsewhere and page.name not in text]


def test_decision_records_have_numbers_of_their_own() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(record.name[:4]) for record in records] == list(range(1, len(records) + 1))
    titles = [record.read_text("utf-8").splitlines()[0] for record in records]
    assert [title.split(". ")[0] for title in titles] == [f"# {number}" for number in range(1, len(records) + 1)]


def test_figures_of_accuracy_say_what_prints_them_and_agree() -> None:
    """Those of the README are those that the model's records, its card and the page on its method hold, by set."""
    cells = re.findall(r"^\|(.+)\|$", README.read_text("utf-8").split("## How good it is")[1].split("\n## ")[0], re.MULTILINE)
    rows = [[cell.strip() for cell in row.split("|")] for row in cells[2:]]
    found = {by.split("`")[1]: [float(re.match(r"[\d.]+", v)[0]) for v in values] for _, by, *values in rows}  # type: ignore[index]
    card, method = (" ".join((ROOT / p).read_text("utf-8").split()) for p in ("models/README.md", "docs/matcher.md"))
    records = json.loads((ROOT / "models" / "recorded.json").read_text("utf-8"))["gold/dev.csv"]
    shares = [records["f1"], 100 * records["match_precision"], 100 * records["match_recall"]]
    assert found.pop("affil evaluate gold/dev.csv") == [round(v, 3 if v < 1 else 1) for v in shares]
    told = re.search(r"`gold/test\.csv`[^:]+: F1 ([\d.]+),.*?right in ([\d.]+)% and covers ([\d.]+)%", card)
    assert told
    assert found.pop("affil evaluate gold/test.csv") == [float(v) for v in told.groups()]
    ((_, crossed),) = found.items()
    told = re.search(r"scripts/cross_validate`\): F1 ([\d.]+) .*?right in ([\d.]+)% and covers ([\d.]+)%", card)
    assert told
    assert crossed == [float(v) for v in told.groups()]
    told = re.search(r"\| all \(1,499\) \| [\d.]+ \| [\d.]+ \| ([\d.]+) [^|]+\| ([\d.]+) \| ([\d.]+)", method)
    assert told
    assert crossed == [float(told[1]), 100 * float(told[2]), 100 * float(told[3])]
