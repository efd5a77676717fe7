"""One matcher for several threads, and for processes that were forked or spawned."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import pytest

from affil.match import Matcher

STRINGS = [
    f"{lab}, {name}"
    for lab in ("Lab 1", "Dept. of Physics", "QIO")
    for name in ("Univ. of Oxford", "Stanford", "清华大学", "MIT")
]
_loaded: Matcher | None = None  # what a forked process finds in its memory


def ids(matcher: Matcher, strings: list[str]) -> list[list[tuple[str, float]]]:
    return [[(m.institution.id, m.probability) for m in result.matches] for result in matcher.match_many(strings)]


def in_child(matcher: Matcher | None, strings: list[str]) -> list[list[tuple[str, float]]]:
    used = matcher or _loaded
    assert used is not None
    return ids(used, strings)


def test_threads_get_the_answers_of_one(tiny_matcher: Matcher) -> None:
    """Each on a cache that is too small, so that entries come and go meanwhile."""
    settings = tiny_matcher.settings
    small = settings.model_copy(update={"retrieve": settings.retrieve.model_copy(update={"remembered_parts": 3, "batch": 2})})
    matcher = Matcher.load(tiny_matcher.registry, tiny_matcher.model_path, small)
    wanted = ids(tiny_matcher, STRINGS)
    assert any(wanted)
    with ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(ids, matcher, STRINGS[k % 5 :] + STRINGS[: k % 5]) for k in range(40)]
        tables = [pool.submit(matcher.match_table, STRINGS) for _ in range(8)]
        for k, future in enumerate(asked):
            assert future.result() == wanted[k % 5 :] + wanted[: k % 5]
        assert {tuple(t.result().column("institution_id").to_pylist()) for t in tables} == {
            tuple(i for found in wanted for i, _ in found)
        }


@pytest.mark.parametrize("method", sorted({"fork", "spawn"} & {*multiprocessing.get_all_start_methods()}))
@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")  # from Python 3.12 on, where threads are running
def test_other_processes_go_on_with_it(tiny_matcher: Matcher, method: str, monkeypatch: Any) -> None:
    wanted = ids(tiny_matcher, STRINGS)  # all is loaded and cached before
    monkeypatch.setitem(globals(), "_loaded", tiny_matcher)
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        given = None if method == "fork" else tiny_matcher
        asked = [pool.submit(in_child, given, STRINGS) for _ in range(4)]
        assert [one.result(timeout=120) for one in asked] == [wanted] * 4
    assert ids(tiny_matcher, STRINGS) == wanted, f"in the parent ({os.getpid()})"
