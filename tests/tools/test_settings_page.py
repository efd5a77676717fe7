"""docs/settings.md is what the settings say, and what it says must be run again is what the code runs again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from affil.match.provenance import differences, settings_told
from affil.registry import Registry
from affil.settings import AGAIN, FETCH, INPUT, SEARCH, TEXT, Settings, again
from affil.workspace.matching import matching_settings
from tests.tools.conftest import Tool

ROOT = Path(__file__).parents[2]
SECTIONS = {**dict(Settings()), "text": TEXT, "search": SEARCH, "fetch": FETCH, "input": INPUT}


def described(path: str, values: BaseModel) -> Iterator[tuple[str, str | None]]:
    for key, value in values:
        yield f"{path}.{key}", type(values).model_fields[key].description
        if isinstance(value, BaseModel):
            yield from described(f"{path}.{key}", value)


def test_the_page_is_what_the_settings_say(tool: Tool) -> None:
    """Where it is not: run tools/settings_page.py."""
    assert tool("settings_page", "-o", "-") == (0, (ROOT / "docs" / "settings.md").read_text("utf-8"), "")


def test_every_setting_says_what_it_does_and_what_must_be_run_again() -> None:
    told = dict(pair for name, values in SECTIONS.items() for pair in described(name, values))
    assert [path for path, meaning in told.items() if not meaning] == []
    assert {path for path in AGAIN if path not in SECTIONS} <= {*told}
    assert {*SECTIONS} <= {*AGAIN}


def test_what_needs_a_new_model_is_what_a_model_is_held_against() -> None:
    """A matcher says of each of these settings, and of no other, that its model was trained with another."""
    registry, told = Registry.open(), settings_told(Settings())
    for section in ("retrieve", "features", "text"):
        card = {"registry": registry.hash, "settings": {**told, section: {}}}  # of a model trained with none of these values
        held = {one.removeprefix("setting ") for one in differences(card, registry, Settings())}
        assert held == {f"{section}.{key}" for key in told[section] if again(f"{section}.{key}") in ("retrain", "rebuild")}


def test_what_needs_matching_anew_is_what_a_workspace_is_held_against() -> None:
    kept = {f"{section}.{key}" for section, values in matching_settings(Settings()).items() for key in values}
    assert {"features.telling", "features.near", "decide.match", "retrieve.top_k"} <= kept
    assert not kept & {"retrieve.batch", "retrieve.remembered_parts", "decide.small"}


def test_what_is_told_of_a_match_needs_matching_anew() -> None:
    assert (again("features.telling"), again("features.near")) == ("rematch", "rematch")
    assert (again("decide.small"), again("train.first.iterations")) == ("nothing", "retrain")
