"""Advice names what can be installed, however affil was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from affil import installed
from affil.installed import pip_install


@pytest.mark.parametrize(
    ("recorded", "requirement"),
    [
        ({"url": "file:///srv/ana/my%20affil", "dir_info": {"editable": True}}, "/srv/ana/my affil[web]"),
        ({"url": "file:///srv/ana/affil", "dir_info": {}}, "/srv/ana/affil[web]"),
        (
            {"url": "file:///srv/affil-0.1-py3-none-any.whl", "archive_info": {"hash": "sha256=0"}},
            "affil[web] @ file:///srv/affil-0.1-py3-none-any.whl",
        ),
        (
            {"url": "https://example.org/affil", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
            "affil[web] @ git+https://example.org/affil@abc",
        ),
    ],
)
def test_what_is_not_from_an_index_is_installed_from_where_it_is(
    recorded: object, requirement: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installed, "_direct_url", lambda: json.dumps(recorded))
    assert pip_install("web") == f"pip install '{requirement}'"


def test_what_is_from_an_index_goes_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "_direct_url", lambda: "")
    assert pip_install("web") == "pip install 'affil[web]'"


def test_what_is_not_installed_is_installed_from_its_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "_direct_url", lambda: None)
    folder = pip_install("web").removeprefix("pip install '").removesuffix("[web]'")
    assert Path(installed.__file__).is_relative_to(folder)
