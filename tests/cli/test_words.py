"""Words that people try: synonyms are understood, others answered, and none hides what affil has."""

from __future__ import annotations

from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from affil.cli import app
from affil.cli.words import ANSWERS, COMMANDS, SYNONYMS, Words

GROUP: Any = typer.main.get_command(app)


def understood(*words: str) -> list[str]:
    """The words that a command is given in place of these."""
    context = GROUP.make_context("affil", [*words], resilient_parsing=True)
    return list(GROUP.resolve_command(context, [*words])[2])


def said(*words: str) -> str:
    done = CliRunner().invoke(app, [*words])
    assert done.exit_code == 2
    return done.output.strip().splitlines()[-1]


def commands(group: Any) -> list[Any]:
    """All commands, of groups too."""
    return [one for c in group.commands.values() for one in (commands(c) if isinstance(c, Words) else [c])]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("rank", "ws", "--top", "5"), ["ws", "--limit", "5"]),
        (("rank", "ws", "--top=5", "--country", "China"), ["ws", "--limit=5", "--in", "China"]),
        (("match", "a.csv", "--out", "b.csv", "--col", "Address"), ["a.csv", "--output", "b.csv", "--column", "Address"]),
        (("match", "--", "--out"), ["--", "--out"]),
        (("trend", "ws", "--sort", "share"), ["ws", "--by", "share"]),
        (("report", "ws", "--lang=zh-hans"), ["ws", "--language=zh-hans"]),
    ],
)
def test_synonyms_are_understood(words: tuple[str, ...], meant: list[str]) -> None:
    assert understood(*words) == meant


def test_a_synonym_is_not_understood_where_the_option_is_missing() -> None:
    assert understood("doctor", "ws", "--top", "5") == ["ws", "--top", "5"]
    assert "No such option: --top" in said("doctor", "ws", "--top", "5")


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("match", "a.csv", "--sep", ";", "-o", "b.csv"), "affil formats FILE"),
        (("rank", "ws", "--threshold", "0.9"), "[decide] in settings.toml"),
        (("rank", "ws", "--cities"), "--level city"),
        (("review", "export", "ws", "--delimiter", ";"), "affil formats FILE"),
        (("search", "MIT"), "affil registry search NAME"),
        (("disambiguate", "a.csv"), "affil match FILE -o OUT"),
    ],
)
def test_other_words_are_answered(words: tuple[str, ...], answer: str) -> None:
    assert answer in said(*words)


def test_words_hide_nothing_that_affil_has() -> None:
    """An answered word is no option of any command, a synonym's option exists, and what answers name is there."""
    own = {o for c in commands(GROUP) for p in c.params for o in (*p.opts, *p.secondary_opts)}
    assert not own & {*ANSWERS}
    assert own >= {*SYNONYMS}
    assert len({word for words in SYNONYMS.values() for word in words}) == sum(map(len, SYNONYMS.values()))
    assert not {*COMMANDS} & {*GROUP.commands}
    for answer in COMMANDS.values():
        verbs = [part.split()[0].strip(",") for part in answer.split("affil ")[1:]]
        assert {v for v in verbs if not v.startswith("-") and v != "COMMAND"} <= {*GROUP.commands}, answer


def test_why_without_a_name_says_how_a_string_is_explained() -> None:
    done = CliRunner().invoke(app, ["why", "Dept. of Physics, MIT"])
    assert "affil match --text 'Dept. of Physics, MIT' --candidates 3" in str(done.exception)


def test_what_is_chosen_is_not_chosen_twice() -> None:
    assert said("rank", "ws", "--area", "ro", "--area=cv").endswith("--area is given more than once; it takes one value")
    assert understood("rank", "ws", "--venue", "ICRA", "--venue=CVPR") == ["ws", "--venue", "ICRA", "--venue=CVPR"]
    assert said("rank", "ws", "--country", "CN", "--in", "US").endswith("--in is given more than once; it takes one value")
    several = ["ws", "X", "--institution", "a", "--institution", "b"]
    assert understood("decide", *several) == several
    assert understood("rank", "ws", "--limit", "3", "--limit", "5")[-1] == "5", "the last stands, as in other tools"
    assert understood("rank", "ws", "--area", "ro", "--", "--area", "--area")[-1] == "--area"
